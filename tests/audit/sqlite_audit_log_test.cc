// Goal: the writer keeps its file private and durable, and refuses files that are not its own; what every audit log
// promises is in audit_log_contract_test.cc. Method: real files in a folder that goes; a fresh reader and the verifier
// look at the result.

#include <sys/stat.h>

#include "audit/sqlite/audit_reader.h"
#include "audit/sqlite/audit_verifier.h"
#include "audit/sqlite_database.h"

namespace disposable {
namespace {

std::vector<AuditRow> all_rows(const std::filesystem::path& path) {
  Result<AuditReader> reader = AuditReader::open(path);
  REQUIRE(reader);
  const Result<std::vector<AuditRow>> rows = reader->list({.limit = 100'000});
  REQUIRE(rows);
  return *rows;
}

void check_whole(const std::filesystem::path& path, const SymmetricKey& key, std::uint64_t rows) {
  const Result<VerifyReport> report = verify_audit_log(path, key);
  REQUIRE(report);
  CHECK_MESSAGE(report->ok, report->reason);
  CHECK(report->rows == rows);
}

TEST_CASE("append: text with zero bytes is kept as it is") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  Event event = test_event(1);
  event.address = std::string("fe80::1%eth0'\"\0;--", 18);
  event.extra_data = "{\"\xC3\xA4\xE2\x82\xAC\":1}";
  REQUIRE(open_log(folder / "audit.db", key)->append({&event, 1}));
  CHECK(all_rows(folder / "audit.db") == std::vector<AuditRow>{audit_row(1, event)});
  check_whole(folder / "audit.db", key, 1);
}

TEST_CASE("open: the file and its companions are private") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const auto log = open_log(folder / "audit.db", key);
  REQUIRE(log->append(test_events(1, 1)));
  for (const std::string name : {"audit.db", "audit.db-wal", "audit.db-shm"}) {
    CAPTURE(name);
    struct stat status {};
    REQUIRE(::stat((folder / name).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
  }
}

TEST_CASE("open: the file is a database in WAL mode") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const auto log = open_log(folder / "audit.db", key);
  const std::string header = read_whole_file(folder / "audit.db").substr(0, 100);
  CHECK(header.substr(0, 15) == "SQLite format 3");
  CHECK(header[18] == 2);  // write version: WAL
  REQUIRE(log->append(test_events(1, 1)));
  CHECK(std::filesystem::file_size(folder / "audit.db-wal") > 0);
}

TEST_CASE("open: an interrupted creation is completed") {
  const SymmetricKey key = test_audit_key();
  SUBCASE("an empty file") {
    const TemporaryFolder folder;
    write_whole_file(folder / "audit.db", "");
    REQUIRE(open_log(folder / "audit.db", key)->append(test_events(1, 1)));
    check_whole(folder / "audit.db", key, 1);
  }
  SUBCASE("a database without tables") {
    const TemporaryFolder folder;
    run_sql(folder / "audit.db", "PRAGMA journal_mode = WAL");
    REQUIRE(open_log(folder / "audit.db", key)->append(test_events(1, 1)));
    check_whole(folder / "audit.db", key, 1);
  }
}

TEST_CASE("open: a log that was taken out of WAL mode is put back") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  REQUIRE(open_log(folder / "audit.db", key)->append(test_events(1, 1)));
  run_sql(folder / "audit.db", "PRAGMA journal_mode = DELETE");
  const auto log = open_log(folder / "audit.db", key);
  REQUIRE(log->append(test_events(2, 1)));
  CHECK(std::filesystem::exists(folder / "audit.db-wal"));
}

TEST_CASE("open: a file that is not its own is refused and left as it is") {
  struct Row {
    std::string name;
    const char* sql;      // makes a database, or
    const char* content;  // is the file
    const char* reason;
  };
  const Row rows[] = {
      {"another program's database", "CREATE TABLE notes(text)", "", "of another program"},
      {"another program's in WAL mode", "PRAGMA journal_mode = WAL; CREATE TABLE notes(text)", "",
       "of another program"},
      {"another application id", "PRAGMA application_id = 7", "", "of another program"},
      {"a version number only", "PRAGMA user_version = 1", "", "of another program"},
      {"a later version", "PRAGMA application_id = 0x44536175; PRAGMA user_version = 2", "", "schema version 2"},
      {"our id without tables", "PRAGMA application_id = 0x44536175; PRAGMA user_version = 1", "", "no such table"},
      {"text", "",
       "this is not a database, but a letter of more than a hundred bytes, so that SQLite has a header to "
       "look at and to refuse",
       "not a database"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const TemporaryFolder folder;
    if (*row.sql != '\0') {
      run_sql(folder / "audit.db", row.sql);
    } else {
      write_whole_file(folder / "audit.db", row.content);
    }
    const std::string before = read_whole_file(folder / "audit.db");
    const SymmetricKey key = test_audit_key();
    const Result<std::unique_ptr<SqliteAuditLog>> log = SqliteAuditLog::open(folder / "audit.db", key);
    REQUIRE_FALSE(log);
    CHECK(log.error().code == Errc::kCorrupt);
    CAPTURE(log.error().detail);
    CHECK(log.error().detail.find(row.reason) != std::string::npos);
    CHECK(log.error().detail.find((folder / "audit.db").string()) == 0);
    CHECK(read_whole_file(folder / "audit.db") == before);
  }
}

TEST_CASE("open: a wrong key is refused and changes nothing") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  REQUIRE(open_log(folder / "audit.db", key)->append(test_events(1, 5)));
  const std::string before = read_whole_file(folder / "audit.db");
  const SymmetricKey wrong = test_audit_key(9);
  const Result<std::unique_ptr<SqliteAuditLog>> log = SqliteAuditLog::open(folder / "audit.db", wrong);
  REQUIRE_FALSE(log);
  CHECK(log.error().code == Errc::kCorrupt);
  CHECK(log.error().detail.find("wrong key file") != std::string::npos);
  CHECK(read_whole_file(folder / "audit.db") == before);
  check_whole(folder / "audit.db", key, 5);
}

TEST_CASE("open: a path that cannot be used is kUnavailable with the path and the reason") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const Result<std::unique_ptr<SqliteAuditLog>> no_folder = SqliteAuditLog::open(folder / "absent/audit.db", key);
  REQUIRE_FALSE(no_folder);
  CHECK(no_folder.error().code == Errc::kUnavailable);
  CHECK(no_folder.error().detail.find("No such file or directory") != std::string::npos);
  std::filesystem::create_directory(folder / "audit.db");
  const Result<std::unique_ptr<SqliteAuditLog>> a_folder = SqliteAuditLog::open(folder / "audit.db", key);
  REQUIRE_FALSE(a_folder);
  CHECK(a_folder.error().code == Errc::kUnavailable);
  CHECK(a_folder.error().detail.find((folder / "audit.db").string()) == 0);
}

TEST_CASE("append: a foreign writer makes it kUnavailable, and it works again afterwards") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const auto log = open_log(folder / "audit.db", key);
  REQUIRE(log->append(test_events(1, 2)));
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open((folder / "audit.db").c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  const Result<void> refused = log->append(test_events(3, 2));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::kUnavailable);
  CHECK(log->contains(test_event(1).id).value());
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  REQUIRE(log->append(test_events(3, 2)));
  check_whole(folder / "audit.db", key, 4);
}

TEST_CASE("append: a log with a second head is not continued") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const auto log = open_log(folder / "audit.db", key);
  REQUIRE(log->append(test_events(1, 2)));
  run_sql(folder / "audit.db", "INSERT INTO secret_logs_head SELECT * FROM secret_logs_head");
  const Result<void> refused = log->append(test_events(3, 1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::kCorrupt);
}

TEST_CASE("append: a trigger hidden in the file does not run") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  REQUIRE(open_log(folder / "audit.db", key)->append(test_events(1, 1)));
  run_sql(folder / "audit.db",
          "CREATE TRIGGER hide AFTER INSERT ON secret_logs BEGIN DELETE FROM secret_logs WHERE id = new.id; END");
  REQUIRE(open_log(folder / "audit.db", key)->append(test_events(2, 1)));
  check_whole(folder / "audit.db", key, 2);
}

TEST_CASE("sqlite_version: is the linked library's") { CHECK(sqlite_version() == sqlite3_libversion()); }

}  // namespace
}  // namespace disposable
