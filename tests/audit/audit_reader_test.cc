// Goal: an operator finds the rows asked for, beside a running server and after a killed one. Method: a table of
// filters over 60 known rows; copies of the files of an open log stand for a killed server.

#include "audit/sqlite/audit_reader.h"

#include "audit/audit_fixture.h"
#include "audit/sqlite/audit_verifier.h"

namespace disposable {
namespace {

std::vector<std::int64_t> ids_of(const Result<std::vector<AuditRow>>& rows) {
  REQUIRE(rows);
  std::vector<std::int64_t> ids;
  for (const AuditRow& row : *rows) {
    ids.push_back(row.id);
  }
  return ids;
}

TEST_CASE("list: filters, limits and ends with the newest row") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  REQUIRE(open_log(folder / "audit.db", key)->append(test_events(1, 60)));
  Result<AuditReader> reader = AuditReader::open(folder / "audit.db");
  REQUIRE(reader);

  const Fingerprint second = test_event(2).fingerprint;  // of 2, 5, 8, ...
  const Action denied = test_event(4).action;            // of 4, 10, 16, ...
  REQUIRE(denied == Action::kDenied);
  const WallTime at_50 = test_event(50).at;
  struct Row {
    std::string name;
    AuditFilter filter;
    std::vector<std::int64_t> ids;
  };
  const std::vector<Row> rows = {
      {"limit", {.limit = 3}, {58, 59, 60}},
      {"limit of zero", {.limit = 0}, {}},
      {"a secret", {.fingerprint = second, .limit = 4}, {50, 53, 56, 59}},
      {"an unknown secret", {.fingerprint = Fingerprint{{9}}}, {}},
      {"an action", {.action = denied, .limit = 2}, {52, 58}},
      {"since, inclusive", {.since = at_50, .limit = 5}, {56, 57, 58, 59, 60}},
      {"since, just after", {.since = at_50 + std::chrono::milliseconds(1)}, {51, 52, 53, 54, 55, 56, 57, 58, 59, 60}},
      {"since the future", {.since = at_50 + std::chrono::hours(1)}, {}},
      {"all together",
       {.fingerprint = second, .action = Action::kExpired, .since = at_50 - std::chrono::minutes(1)},
       {}},
      {"a secret's action", {.fingerprint = second, .action = Action::kDeleted, .limit = 2}, {50, 56}},
      {"a secret's action since", {.fingerprint = second, .action = Action::kDeleted, .since = at_50}, {50, 56}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(ids_of(reader->list(row.filter)) == row.ids);
  }
  CHECK(reader->list({})->size() == 60);
  CHECK(reader->list({.limit = static_cast<std::size_t>(-1)})->size() == 60);
}

TEST_CASE("list: shows 100 rows unless told otherwise") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  REQUIRE(open_log(folder / "audit.db", key)->append(test_events(1, 150)));
  const Result<std::vector<AuditRow>> rows = AuditReader::open(folder / "audit.db")->list({});
  REQUIRE(rows);
  REQUIRE(rows->size() == 100);
  CHECK(rows->front().id == 51);
  CHECK(rows->back().id == 150);
}

TEST_CASE("list: since finds rows whose times are not in the order of their ids") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const std::vector<Event> events = {test_event(10), test_event(3), test_event(11), test_event(2), test_event(12)};
  REQUIRE(open_log(folder / "audit.db", key)->append(events));
  Result<AuditReader> reader = AuditReader::open(folder / "audit.db");
  REQUIRE(reader);
  CHECK(ids_of(reader->list({.since = test_event(10).at})) == std::vector<std::int64_t>{1, 3, 5});
}

TEST_CASE("list: sees what was appended while the writer is open") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const auto log = open_log(folder / "audit.db", key);
  Result<AuditReader> reader = AuditReader::open(folder / "audit.db");
  REQUIRE(reader);
  CHECK(ids_of(reader->list({})).empty());
  REQUIRE(log->append(test_events(1, 2)));
  CHECK(ids_of(reader->list({})) == std::vector<std::int64_t>{1, 2});
  REQUIRE(log->append(test_events(3, 1)));
  CHECK(ids_of(reader->list({})) == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE("list and verify: read what a killed server left in its write-ahead log") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const auto log = open_log(folder / "audit.db", key);
  REQUIRE(log->append(test_events(1, 20)));
  std::filesystem::copy_file(folder / "audit.db", folder / "left.db");
  std::filesystem::copy_file(folder / "audit.db-wal", folder / "left.db-wal");

  Result<AuditReader> reader = AuditReader::open(folder / "left.db");
  REQUIRE(reader);
  CHECK(ids_of(reader->list({})).size() == 20);
  const Result<VerifyReport> report = verify_audit_log(folder / "left.db", key);
  REQUIRE(report);
  CHECK(report->ok);
  CHECK(report->rows == 20);

  const auto recovered = open_log(folder / "left.db", key);
  REQUIRE(recovered->append(test_events(21, 1)));
  CHECK(ids_of(reader->list({})).size() == 21);
}

TEST_CASE("list and verify: a torn write-ahead log shows the last whole transaction") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const auto log = open_log(folder / "audit.db", key);
  REQUIRE(log->append(test_events(1, 20)));
  REQUIRE(log->append(test_events(21, 20)));
  std::filesystem::copy_file(folder / "audit.db", folder / "left.db");
  const std::string wal = read_whole_file(folder / "audit.db-wal");
  write_whole_file(folder / "left.db-wal", wal.substr(0, wal.size() - 1));

  const Result<VerifyReport> report = verify_audit_log(folder / "left.db", key);
  REQUIRE(report);
  CHECK(report->ok);
  CHECK(report->rows == 20);
  REQUIRE(open_log(folder / "left.db", key)->append(test_events(1, 40)));
  CHECK(verify_audit_log(folder / "left.db", key)->rows == 40);
}

TEST_CASE("open: no audit log is kNotFound, and none is made") {
  const TemporaryFolder folder;
  const Result<AuditReader> reader = AuditReader::open(folder / "audit.db");
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code == Errc::kNotFound);
  CHECK(reader.error().detail.find("there is no audit log here") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "audit.db"));
}

TEST_CASE("open: another file is kCorrupt") {
  const TemporaryFolder folder;
  write_whole_file(folder / "empty.db", "");
  run_sql(folder / "other.db", "CREATE TABLE secret_logs(id INTEGER PRIMARY KEY)");
  write_whole_file(folder / "text.db", std::string(4096, 'x'));
  for (const std::string name : {"empty.db", "other.db", "text.db"}) {
    CAPTURE(name);
    const Result<AuditReader> reader = AuditReader::open(folder / name);
    REQUIRE_FALSE(reader);
    CHECK(reader.error().code == Errc::kCorrupt);
    CHECK(reader.error().detail.find((folder / name).string()) == 0);
  }
  CHECK(std::filesystem::file_size(folder / "empty.db") == 0);
}

TEST_CASE("the shell of SQLite: columns read as people expect") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  REQUIRE(open_log(folder / "audit.db", key)->append(test_events(1, 1)));
  const auto column = [&folder](const char* sql) {
    Result<SqliteConnection> connection = open_audit_log_for_reading(folder / "audit.db");
    REQUIRE(connection);
    const Result<std::string> text = connection->query_text(sql);
    REQUIRE(text);
    return *text;
  };
  CHECK(column("SELECT secret_key FROM secret_logs") == "01000000-0000-0000-0000-000000000000");
  CHECK(column("SELECT action FROM secret_logs") == "retrieved");
  CHECK(column("SELECT ip_address FROM secret_logs") == "192.0.2.1");
  CHECK(column("SELECT created_at FROM secret_logs") == "2023-11-14T22:13:21.000Z");
  CHECK(column("SELECT strftime('%s', created_at) FROM secret_logs") == "1700000001");
  CHECK(column("SELECT CAST(json_extract(extra_data, '$.number') AS TEXT) FROM secret_logs") == "1");
}

}  // namespace
}  // namespace disposable
