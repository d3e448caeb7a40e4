// Goal: verify and list work while the writer writes. Method: one thread appends in small batches, which moves the
// write-ahead log again and again, while this one reads; run it under ThreadSanitizer.

#include <atomic>
#include <thread>

#include "audit/audit_fixture.h"
#include "audit/projector.h"
#include "audit/sqlite/audit_reader.h"
#include "audit/sqlite/audit_verifier.h"

namespace disposable {
namespace {

TEST_CASE("audit: every snapshot taken beside the writer is whole and grows") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const auto log = open_log(folder / "audit.db", key);
  std::atomic<bool> done = false;
  std::atomic<bool> failed = false;
  constexpr std::uint64_t kBatches = 300;
  std::jthread writer([&] {
    for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
      failed = failed || !log->append(test_events(1 + batch * 20, 20));
    }
    done = true;
  });
  std::uint64_t rows_before = 0;
  bool last_round = false;
  while (!last_round) {
    last_round = done;
    const Result<VerifyReport> report = verify_audit_log(folder / "audit.db", key);
    REQUIRE_MESSAGE(report, (report ? "" : report.error().detail));
    REQUIRE_MESSAGE(report->ok, report->reason);
    CHECK(report->rows >= rows_before);
    CHECK(report->rows % 20 == 0);
    rows_before = report->rows;
    Result<AuditReader> reader = AuditReader::open(folder / "audit.db");
    REQUIRE(reader);
    const Result<std::vector<AuditRow>> newest = reader->list({.limit = 1});
    REQUIRE(newest);
    CHECK((newest->empty() ? 0 : newest->front().id) >= static_cast<std::int64_t>(rows_before));
  }
  CHECK_FALSE(failed);
  CHECK(rows_before == kBatches * 20);
}

}  // namespace
}  // namespace disposable
