// The audit log in every database that is built in: what holds for one holds for all.

#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "audit/audit_fixture.h"
#include "audit/audit_source.h"

namespace disposable {

// An audit log of its own, gone with the object.
class AuditDatabase {
 public:
  AuditDatabase() = default;
  AuditDatabase(const AuditDatabase&) = delete;
  AuditDatabase& operator=(const AuditDatabase&) = delete;
  virtual ~AuditDatabase() = default;

  virtual Result<std::unique_ptr<AuditLog>> open(const SymmetricKey& key) const = 0;
  virtual Result<std::unique_ptr<AuditSource>> open_source() const = 0;
  // Runs statements on a connection of its own, with everything allowed.
  virtual void run_sql(const std::string& sql) const = 0;

  std::unique_ptr<AuditLog> log(const SymmetricKey& key) const {
    Result<std::unique_ptr<AuditLog>> log = open(key);
    REQUIRE_MESSAGE(log, (log ? "" : log.error().detail));
    return std::move(*log);
  }
  std::unique_ptr<AuditSource> source() const {
    Result<std::unique_ptr<AuditSource>> source = open_source();
    REQUIRE_MESSAGE(source, (source ? "" : source.error().detail));
    return std::move(*source);
  }
  Result<VerifyReport> verify(const SymmetricKey& key, const VerifyProgress& progress = {}) const {
    return source()->verify(key, progress);
  }
  std::vector<AuditRow> rows() const {
    const Result<std::vector<AuditRow>> rows = source()->list({.limit = 100'000});
    REQUIRE_MESSAGE(rows, (rows ? "" : rows.error().detail));
    return *rows;
  }
  void check_whole(const SymmetricKey& key, std::uint64_t count) const {
    const Result<VerifyReport> report = verify(key);
    REQUIRE_MESSAGE(report, (report ? "" : report.error().detail));
    CHECK_MESSAGE(report->ok, report->reason);
    CHECK(report->rows == count);
  }
};

struct AuditDatabaseKind {
  std::string name;
  std::function<std::unique_ptr<AuditDatabase>()> create;  // an empty one
};

const std::vector<AuditDatabaseKind>& audit_databases();

// The rows of test_events(1, count).
inline std::vector<AuditRow> expected_rows(std::uint64_t count) {
  std::vector<AuditRow> rows;
  for (std::uint64_t number = 1; number <= count; ++number) {
    rows.push_back(audit_row(static_cast<std::int64_t>(number), test_event(number)));
  }
  return rows;
}

inline constexpr std::uint64_t kTamperLogRows = 200;

// 200 rows; a table `earlier` keeps the head as it was at 150.
inline void build_tamper_log(const AuditDatabase& database, const SymmetricKey& key) {
  REQUIRE(database.log(key)->append(test_events(1, 150)));
  database.run_sql("CREATE TABLE earlier AS SELECT * FROM secret_logs_head");
  REQUIRE(database.log(key)->append(test_events(151, kTamperLogRows - 150)));
}

}  // namespace disposable
