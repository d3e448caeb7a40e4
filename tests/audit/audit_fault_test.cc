// Goal: whatever change of the disk fails, the audit log stays whole, says kUnavailable, and goes on when the cause is
// gone. Method: SQLite's own: fail the first change, then the second, ... until an operation no longer meets a fault.

#include "audit/audit_fixture.h"
#include "audit/faulty_disk.h"
#include "audit/sqlite/audit_reader.h"
#include "audit/sqlite/audit_verifier.h"

namespace disposable {
namespace {

struct FaultKind {
  std::string name;
  int code;
  FaultyDisk::Fault fault;
};

const FaultKind kFaultKinds[] = {
    {"disk full once", SQLITE_FULL, FaultyDisk::Fault::kOnce},
    {"disk full until there is space", SQLITE_FULL, FaultyDisk::Fault::kUntilHealed},
    {"I/O error once", SQLITE_IOERR, FaultyDisk::Fault::kOnce},
    {"I/O error until the disk is back", SQLITE_IOERR, FaultyDisk::Fault::kUntilHealed},
};

void check_rows(const std::filesystem::path& path, const SymmetricKey& key, std::uint64_t rows) {
  const Result<VerifyReport> report = verify_audit_log(path, key);
  REQUIRE_MESSAGE(report, (report ? "" : report.error().detail));
  CHECK_MESSAGE(report->ok, report->reason);
  CHECK(report->rows == rows);
}

TEST_CASE("append: every transaction is synced before it returns") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  FaultyDisk disk;
  const auto log = open_log(folder / "audit.db", key);
  for (std::uint64_t number = 1; number <= 5; ++number) {
    const int before = disk.syncs();
    REQUIRE(log->append(test_events(number, 1)));
    CHECK(disk.syncs() > before);
  }
}

TEST_CASE("append: every single disk fault is kUnavailable and costs nothing") {
  for (const FaultKind& kind : kFaultKinds) {
    CAPTURE(kind.name);
    int faults = 0;
    bool failed = true;
    for (int nth = 1; failed; ++nth) {
      CAPTURE(nth);
      const TemporaryFolder folder;
      const SymmetricKey key = test_audit_key();
      FaultyDisk disk;
      const auto log = open_log(folder / "audit.db", key);
      REQUIRE(log->append(test_events(1, 50)));
      disk.fail_change(nth, kind.code, kind.fault);
      const Result<void> appended = log->append(test_events(51, 40));
      failed = disk.has_failed();
      if (failed) {
        ++faults;
        REQUIRE_FALSE(appended);
        CHECK(appended.error().code == Errc::kUnavailable);
        CHECK_FALSE(log->contains(test_event(51).id).value());
      }
      disk.heal();
      REQUIRE(log->append(test_events(51, 40)));
      check_rows(folder / "audit.db", key, 90);
    }
    CHECK(faults > 3);
  }
}

TEST_CASE("append: a fault while the write-ahead log is moved into the file loses nothing") {
  for (const FaultKind& kind : kFaultKinds) {
    CAPTURE(kind.name);
    bool failed = true;
    for (int nth = 1; failed; ++nth) {
      CAPTURE(nth);
      const TemporaryFolder folder;
      const SymmetricKey key = test_audit_key();
      FaultyDisk disk;
      {
        const auto log = open_log(folder / "audit.db", key);
        REQUIRE(log->append(test_events(1, 50)));
        disk.fail_change(nth, kind.code, kind.fault);  // closing checkpoints
      }
      failed = disk.has_failed();
      disk.heal();
      check_rows(folder / "audit.db", key, 50);
      REQUIRE(open_log(folder / "audit.db", key)->append(test_events(51, 1)));
      check_rows(folder / "audit.db", key, 51);
    }
  }
}

TEST_CASE("open: a fault while the log is created is kUnavailable, and the next start completes it") {
  for (const FaultKind& kind : kFaultKinds) {
    CAPTURE(kind.name);
    bool failed = true;
    for (int nth = 1; failed; ++nth) {
      CAPTURE(nth);
      const TemporaryFolder folder;
      const SymmetricKey key = test_audit_key();
      FaultyDisk disk;
      disk.fail_change(nth, kind.code, kind.fault);
      {
        const Result<std::unique_ptr<SqliteAuditLog>> log = SqliteAuditLog::open(folder / "audit.db", key);
        failed = disk.has_failed();
        if (!log) {
          CHECK(log.error().code == Errc::kUnavailable);
          CHECK(log.error().detail.find((folder / "audit.db").string()) == 0);
        }
      }
      disk.heal();
      REQUIRE(open_log(folder / "audit.db", key)->append(test_events(1, 3)));
      check_rows(folder / "audit.db", key, 3);
    }
  }
}

TEST_CASE("list and verify: a disk that cannot be read is an error, not a finding") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  FaultyDisk disk;
  {
    const auto log = open_log(folder / "audit.db", key);
    REQUIRE(log->append(test_events(1, 2000)));
  }
  Result<AuditReader> reader = AuditReader::open(folder / "audit.db");
  REQUIRE(reader);
  disk.fail_reads();
  const Result<std::vector<AuditRow>> rows = reader->list({.limit = 2000});
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == Errc::kUnavailable);
  const Result<VerifyReport> report = verify_audit_log(folder / "audit.db", key);
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Errc::kUnavailable);
  disk.heal();
  CHECK(reader->list({.limit = 2000})->size() == 2000);
}

TEST_CASE("verify: a disk that fails in the middle of the walk is an error") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  FaultyDisk disk;
  REQUIRE(open_log(folder / "audit.db", key)->append(test_events(1, 50'000)));
  REQUIRE(open_log(folder / "audit.db", key)->append(test_events(50'001, 60'000)));
  const Result<VerifyReport> report =
      verify_audit_log(folder / "audit.db", key, [&disk](std::uint64_t /*rows*/) { disk.fail_reads(); });
  CHECK(disk.has_failed());
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Errc::kUnavailable);
}

}  // namespace
}  // namespace disposable
