// Goal: an operator reads a file of SQLite that a killed server left, and no file that is no audit log. Method: copies
// of the files of an open log stand for a killed server. Filters are in audit_log_contract_test.cc.

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
