// Goal: verification says what it found, in every file it can meet. Method: whole, foreign and damaged files; then a
// bit of every part of the file is flipped. The table of tamperings is in audit_tamper_test.cc.

#include "audit/sqlite/audit_verifier.h"

#include "audit/audit_fixture.h"
#include "audit/sqlite/audit_reader.h"

namespace disposable {
namespace {

TEST_CASE("verify: an untouched log is whole") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  build_tamper_log(folder / "audit.db", key);
  const Result<VerifyReport> report = verify_audit_log(folder / "audit.db", key);
  REQUIRE(report);
  CHECK(report->ok);
  CHECK(report->rows == kTamperLogRows);
  CHECK(report->first_bad_id == 0);
  CHECK(report->reason.empty());
}

TEST_CASE("verify: a row that an index hides is found") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const std::filesystem::path path = folder / "audit.db";
  build_tamper_log(path, key);
  run_sql(path,
          "CREATE TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 'secret_logs_created_at';"
          "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'secret_logs_created_at'");
  REQUIRE(open_log(path, key)->append(test_events(201, 1)));
  run_sql(path, "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM hidden");
  const Result<VerifyReport> report = verify_audit_log(path, key);
  REQUIRE(report);
  CHECK_FALSE(report->ok);
  CHECK(report->rows == 201);
  CHECK(report->first_bad_id == 0);
  CHECK(report->reason.find("missing from index") != std::string::npos);
}

TEST_CASE("verify: a wrong key is named as a possible cause") {
  const SymmetricKey key = test_audit_key();
  const SymmetricKey wrong = test_audit_key(9);
  for (const std::uint64_t rows : {std::uint64_t{0}, std::uint64_t{5}}) {
    CAPTURE(rows);
    const TemporaryFolder folder;
    REQUIRE(open_log(folder / "audit.db", key)->append(test_events(1, rows)));
    const Result<VerifyReport> report = verify_audit_log(folder / "audit.db", wrong);
    REQUIRE(report);
    CHECK_FALSE(report->ok);
    CHECK(report->first_bad_id == (rows == 0 ? 0 : 1));
    CHECK(report->reason.find("wrong key file") != std::string::npos);
  }
}

TEST_CASE("verify: a file that is no audit log is an error") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const Result<VerifyReport> absent = verify_audit_log(folder / "absent.db", key);
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == Errc::kNotFound);
  CHECK_FALSE(std::filesystem::exists(folder / "absent.db"));

  build_tamper_log(folder / "audit.db", key);
  run_sql(folder / "audit.db", "DROP TABLE secret_logs");
  const Result<VerifyReport> dropped = verify_audit_log(folder / "audit.db", key);
  REQUIRE_FALSE(dropped);
  CHECK(dropped.error().code == Errc::kCorrupt);
  CHECK(dropped.error().detail.find("no such table") != std::string::npos);
}

TEST_CASE("verify: a view in the place of the table is not believed") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  build_tamper_log(folder / "audit.db", key);
  run_sql(folder / "audit.db",
          "ALTER TABLE secret_logs RENAME TO real_logs; CREATE VIEW secret_logs AS SELECT * FROM real_logs");
  const Result<VerifyReport> report = verify_audit_log(folder / "audit.db", key);
  CHECK_FALSE((report && report->ok));
}

TEST_CASE("verify: no flipped bit passes with changed rows") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  build_tamper_log(folder / "whole.db", key);
  const std::string whole = read_whole_file(folder / "whole.db");
  const std::filesystem::path path = folder / "flipped.db";
  const auto rows_of = [](const std::filesystem::path& file) {
    Result<AuditReader> reader = AuditReader::open(file);
    REQUIRE(reader);
    return reader->list({.limit = 1000});
  };
  const Result<std::vector<AuditRow>> rows = rows_of(folder / "whole.db");
  REQUIRE(rows);
  int passed = 0;
  for (std::size_t offset = 0; offset < whole.size(); offset += 131) {
    CAPTURE(offset);
    std::string flipped = whole;
    flipped[offset] = static_cast<char>(flipped[offset] ^ (1 << (offset % 8)));
    write_whole_file(path, flipped);
    const Result<VerifyReport> report = verify_audit_log(path, key);
    if (report && report->ok) {
      ++passed;  // a byte that holds nothing, or only a hint
      const Result<std::vector<AuditRow>> read = rows_of(path);
      REQUIRE(read);
      CHECK(*read == *rows);
    }
    std::filesystem::remove(folder / "flipped.db-wal");
    std::filesystem::remove(folder / "flipped.db-shm");
  }
  CHECK(passed < static_cast<int>(whole.size() / 131 / 2));
}

TEST_CASE("verify: tells its progress") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  {
    const auto log = open_log(folder / "audit.db", key);
    for (std::uint64_t first = 1; first <= 100'001; first += 10'000) {
      REQUIRE(log->append(test_events(first, 10'000)));
    }
  }
  std::vector<std::uint64_t> told;
  const Result<VerifyReport> report =
      verify_audit_log(folder / "audit.db", key, [&told](std::uint64_t rows) { told.push_back(rows); });
  REQUIRE(report);
  CHECK(report->ok);
  CHECK(report->rows == 110'000);
  CHECK(told == std::vector<std::uint64_t>{100'000});
}

}  // namespace
}  // namespace disposable
