// Goal: nodes share one audit log in PostgreSQL, and whatever happens to a connection every event is there once.
// Method: a real server; a proxy that loses requests and answers; functions that shadow the server's own show settings
// that it does not have. What holds for every database is in audit_log_contract_test.cc, many nodes at once in
// postgres_race_test.cc.

#include <atomic>

#include "audit/at_once.h"
#include "audit/lossy_proxy.h"
#include "audit/postgres/postgres_schema.h"
#include "audit/postgres_database.h"
#include "audit/sqlite_database.h"

namespace disposable {
namespace {

std::string through(const LossyProxy& proxy, const std::string& schema) {
  return "postgresql://owner@127.0.0.1:" + std::to_string(proxy.port()) +
         "/postgres?sslmode=disable&options=-csearch_path%3D" + schema;
}

// What the open log would say, and that it is one line without a password.
Error refusal(const PostgresUrl& url, const SymmetricKey& key, const PostgresChecks& checks = {}) {
  const Result<std::unique_ptr<PostgresAuditLog>> log = PostgresAuditLog::open(url, key, checks);
  REQUIRE_FALSE(log);
  CHECK(log.error().detail.find('\n') == std::string::npos);
  return log.error();
}

TEST_CASE("open: nodes that start at once make one log") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  std::atomic<int> opened = 0;
  at_once(6, [&](std::size_t) { opened += PostgresAuditLog::open(database.url(), key, {}) ? 1 : 0; });
  CHECK(opened == 6);
  database.check_whole(key, 0);
}

TEST_CASE("open: a role that may only read and write rows is enough once the tables are there") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  REQUIRE(database.log(key)->append(test_events(1, 1)));
  run_postgres_sql(database.schema(),
                   "DO $$BEGIN CREATE ROLE writer LOGIN; EXCEPTION WHEN duplicate_object THEN END$$;"
                   "GRANT USAGE ON SCHEMA " +
                       database.schema() +
                       " TO writer;"
                       "GRANT SELECT, INSERT ON secret_logs TO writer;"
                       "GRANT SELECT, UPDATE ON secret_logs_head TO writer;"
                       "GRANT SELECT ON disposable_schema TO writer");
  std::string text = PostgresServer::shared().url_text(database.schema());
  text.replace(text.find("owner"), 5, "writer");
  const auto log = PostgresAuditLog::open(parsed_url(text), key, {});
  REQUIRE_MESSAGE(log, (log ? "" : log.error().detail));
  REQUIRE((*log)->append(test_events(2, 1)));
  database.check_whole(key, 2);
}

TEST_CASE("append: a connection that was ended is made again by the next call") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  const auto log = database.log(key);
  REQUIRE(log->append(test_events(1, 3)));
  database.run_sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'owner'");
  const Result<void> refused = log->append(test_events(4, 3));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::kUnavailable);
  CHECK(refused.error().detail.find('\n') == std::string::npos);
  REQUIRE(log->append(test_events(4, 3)));
  CHECK(database.rows() == expected_rows(6));
}

TEST_CASE("append: whatever is lost on the way, a repeated call leaves each event once") {
  const SymmetricKey key = test_audit_key();
  for (const std::string needle : {"FOR UPDATE", "COMMIT"}) {
    for (const LossyProxy::Loss loss : {LossyProxy::Loss::kRequest, LossyProxy::Loss::kAnswer}) {
      CAPTURE(needle);
      const PostgresDatabase database;
      LossyProxy proxy(PostgresServer::shared().port());
      const auto log = PostgresAuditLog::open(parsed_url(through(proxy, database.schema())), key, {});
      REQUIRE_MESSAGE(log, (log ? "" : log.error().detail));
      REQUIRE((*log)->append(test_events(1, 5)));
      proxy.lose(loss, needle);
      const Result<void> unknown = (*log)->append(test_events(6, 5));
      REQUIRE_FALSE(unknown);
      CHECK(unknown.error().code == Errc::kUnavailable);
      CHECK(proxy.losses() == 1);
      REQUIRE((*log)->append(test_events(6, 5)));
      REQUIRE((*log)->append(test_events(11, 1)));
      CHECK(database.rows() == expected_rows(11));
      database.check_whole(key, 11);
    }
  }
}

TEST_CASE("append: a node that keeps the head locked makes the others wait for a bounded time") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  PostgresTimeouts timeouts;
  timeouts.lock = std::chrono::milliseconds(200);
  const auto log = PostgresAuditLog::open(database.url(), key, {}, timeouts);
  REQUIRE(log);
  Result<PostgresConnection> frozen = PostgresConnection::open(database.url(), {});
  REQUIRE(frozen);
  const PostgresQuery hold[] = {{"BEGIN"}, {"SELECT FROM secret_logs_head FOR UPDATE"}};
  REQUIRE(frozen->run(hold));
  const Result<void> refused = (*log)->append(test_events(1, 1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::kUnavailable);
  CHECK(refused.error().detail.find("lock timeout") != std::string::npos);
  const PostgresQuery release{"ROLLBACK"};
  REQUIRE(frozen->run({&release, 1}));
  REQUIRE((*log)->append(test_events(1, 1)));
}

TEST_CASE("append: a log put back to an earlier state and continued by another node is not continued") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  const auto log = database.log(key);
  REQUIRE(log->append(test_events(1, 2)));
  database.run_sql("CREATE TABLE earlier AS SELECT * FROM secret_logs_head");
  REQUIRE(log->append(test_events(3, 2)));
  database.run_sql(
      "DELETE FROM secret_logs WHERE id > 2; UPDATE secret_logs_head SET (count, hash, mac) = "
      "(SELECT count, hash, mac FROM earlier)");
  REQUIRE(database.log(key)->append(test_events(10, 7)));
  const Result<void> refused = log->append(test_events(5, 1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::kCorrupt);
  CHECK(refused.error().detail.find("earlier state") != std::string::npos);
}

TEST_CASE("append: an earlier head that was put back is not continued") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  const auto log = database.log(key);
  REQUIRE(log->append(test_events(1, 2)));
  database.run_sql("CREATE TABLE earlier AS SELECT * FROM secret_logs_head");
  REQUIRE(log->append(test_events(3, 2)));
  database.run_sql("UPDATE secret_logs_head SET (count, hash, mac) = (SELECT count, hash, mac FROM earlier)");
  const Result<void> refused = log->append(test_events(3, 2));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::kCorrupt);
  CHECK(refused.error().detail.find("earlier state") != std::string::npos);
}

TEST_CASE("append: a trigger that swallows rows is an error") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  const auto log = database.log(key);
  database.run_sql(
      "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
      "CREATE TRIGGER swallow BEFORE INSERT ON secret_logs FOR EACH ROW EXECUTE FUNCTION swallow()");
  const Result<void> refused = log->append(test_events(1, 1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::kCorrupt);
  CHECK_FALSE(database.verify(key)->ok);
}

TEST_CASE("append: a refused value does not stand in the error") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  Event event = test_event(1);
  event.address = "\xCA\xFE";  // no UTF-8; the server's message would show it
  const Result<void> refused = database.log(key)->append({&event, 1});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::kInternal);
  CHECK(refused.error().detail.find("a value was refused") != std::string::npos);
  CHECK(refused.error().detail.find("0xca") == std::string::npos);
}

TEST_CASE("open: tables of a newer version are refused, also for reading") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  REQUIRE(database.log(key)->append(test_events(1, 1)));
  database.run_sql("UPDATE disposable_schema SET version = 2 WHERE component = 'audit'");
  const Error error = refusal(database.url(), key);
  CHECK(error.code == Errc::kCorrupt);
  CHECK(error.detail.find("version 2, this program knows version 1") != std::string::npos);
  CHECK(database.open_source().error().detail == error.detail);
}

TEST_CASE("open: another program's tables are left alone") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  database.run_sql("CREATE TABLE secret_logs(text text)");
  CHECK(refusal(database.url(), key).code == Errc::kCorrupt);
  CHECK(database.open_source().error().code == Errc::kNotFound);
  CHECK(run_postgres_sql(database.schema(), "SELECT to_regclass('disposable_schema') IS NULL") == "t");
}

TEST_CASE("open: a server that could lose what it confirmed, or takes no changes, is refused") {
  struct Row {
    std::string name;
    std::string shadow;
    Errc code;
    std::string reason;
  };
  const auto shadow = [](const std::string& setting, const std::string& value) {
    return "CREATE FUNCTION current_setting(name text) RETURNS text LANGUAGE sql AS $$SELECT CASE WHEN name = '" +
           setting + "' THEN '" + value + "' ELSE pg_catalog.current_setting(name) END$$";
  };
  const Row rows[] = {
      {"fsync", shadow("fsync", "off"), Errc::kInvalidArgument, "fsync=off"},
      {"version", shadow("server_version_num", "110022"), Errc::kInvalidArgument, "older than PostgreSQL 12"},
      {"encoding", shadow("server_encoding", "LATIN1"), Errc::kInvalidArgument, "encoding"},
      {"a standby", "CREATE FUNCTION pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
       Errc::kUnavailable, "standby"},
  };
  const SymmetricKey key = test_audit_key();
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const PostgresDatabase database;
    database.run_sql(row.shadow);
    const PostgresUrl url = PostgresServer::shared().url(database.schema() + ",pg_catalog");
    const Error error = refusal(url, key);
    CHECK(error.code == row.code);
    CHECK(error.detail.find(row.reason) != std::string::npos);
    std::vector<std::string> warnings;
    const PostgresChecks accepting{.accept_data_loss = true,
                                   .on_warning = [&warnings](const std::string& text) { warnings.push_back(text); }};
    const auto log = PostgresAuditLog::open(url, key, accepting);
    CHECK(log.has_value() == (row.name == "fsync"));
    CHECK(warnings.size() == (row.name == "fsync" ? 1 : 0));
  }
}

TEST_CASE("retire: a log can move away again and again, and what it was stays under the next number") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  PostgresSession session(database.url(), {});
  CHECK(identity_of_audit_schema(session).value().empty());
  for (std::uint64_t rows = 1; rows <= 3; ++rows) {
    CAPTURE(rows);
    CHECK(audit_schema_retired(session).value().has_value() == (rows > 1));
    REQUIRE(database.log(key)->append(test_events(1, rows)));
    PostgresSession other(database.url(), {});
    CHECK_FALSE(identity_of_audit_schema(session).value().empty());
    CHECK(identity_of_audit_schema(session).value() == identity_of_audit_schema(other).value());
    CHECK_FALSE(audit_schema_retired(session).value().has_value());
    CHECK(retire_audit_schema(session, rows + 1).error().code == Errc::kUnavailable);
    REQUIRE(retire_audit_schema(session, rows));
    const RetiredLog retired = audit_schema_retired(session).value().value();
    CHECK(retired.rows == static_cast<std::int64_t>(rows));
    CHECK(retired.last_event == format_uuid(test_events(rows, 1).front().id.bytes));
    CHECK(run_postgres_sql(database.schema(), "SELECT count(*) FROM secret_logs_moved_" + std::to_string(rows)) ==
          std::to_string(rows));
  }
  const PostgresDatabase elsewhere;
  REQUIRE(elsewhere.log(key)->append({}));
  REQUIRE(database.log(key)->append({}));
  PostgresSession second(elsewhere.url(), {});
  CHECK(identity_of_audit_schema(session).value() != identity_of_audit_schema(second).value());
}

TEST_CASE("interop: a log that was copied from SQLite verifies and goes on, and back again") {
  const SymmetricKey key = test_audit_key();
  const SqliteDatabase from;
  const PostgresDatabase to;
  REQUIRE(from.log(key)->append(test_events(1, 50)));
  REQUIRE(to.log(key));
  Result<SqliteConnection> file = open_audit_log_for_reading(from.path());
  REQUIRE(file);
  const Result<std::string> copy = file->query_text(
      "SELECT group_concat(printf('INSERT INTO secret_logs VALUES (%d, %Q, %Q, %Q, %Q, %Q, %Q, ''\\x%s'', "
      "''\\x%s'');', "
      "id, secret_key, action, ip_address, created_at, extra_data, event_id, hex(prev_hash), hex(hash)), '') || "
      "(SELECT printf('UPDATE secret_logs_head SET count = %d, hash = ''\\x%s'', mac = ''\\x%s''', count, hex(hash), "
      "hex(mac)) FROM secret_logs_head) FROM secret_logs");
  REQUIRE(copy);
  to.run_sql(*copy);
  to.check_whole(key, 50);
  REQUIRE(to.log(key)->append(test_events(51, 5)));
  REQUIRE(from.log(key)->append(test_events(51, 5)));
  CHECK(to.rows() == from.rows());
  // The same events make the same chain, so what PostgreSQL wrote is what SQLite verifies.
  CHECK(run_postgres_sql(to.schema(), "SELECT upper(encode(hash, 'hex')) FROM secret_logs WHERE id = 55") ==
        open_audit_log_for_reading(from.path())->query_text("SELECT hex(hash) FROM secret_logs WHERE id = 55").value());
}

}  // namespace
}  // namespace disposable
