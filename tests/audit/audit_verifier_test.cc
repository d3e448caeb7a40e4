// Goal: verification says what it found, in every file of SQLite it can meet. Method: foreign and damaged files; then a
// bit of every part of the file is flipped. The table of tamperings is in audit_tamper_test.cc.

#include "audit/sqlite/audit_verifier.h"

#include "audit/sqlite_database.h"

namespace disposable {
namespace {

TEST_CASE("verify: a row that an index hides is found") {
  const SymmetricKey key = test_audit_key();
  const SqliteDatabase database;
  const std::filesystem::path path = database.path();
  build_tamper_log(database, key);
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

TEST_CASE("verify: a file that is no audit log is an error") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const Result<VerifyReport> absent = verify_audit_log(folder / "absent.db", key);
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == Errc::kNotFound);
  CHECK_FALSE(std::filesystem::exists(folder / "absent.db"));
}

TEST_CASE("verify: no flipped bit passes with changed rows") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  const SqliteDatabase database;
  build_tamper_log(database, key);
  const std::string whole = read_whole_file(database.path());
  const std::filesystem::path path = folder / "flipped.db";
  const auto rows_of = [](const std::filesystem::path& file) {
    Result<AuditReader> reader = AuditReader::open(file);
    REQUIRE(reader);
    return reader->list({.limit = 1000});
  };
  const Result<std::vector<AuditRow>> rows = rows_of(database.path());
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

}  // namespace
}  // namespace disposable
