// Goal: a URL says what is connected to and how it is protected, and no environment changes that. Method: tables of
// URLs; the settings that libpq would get are read back from the connection string.

#include "audit/postgres/postgres_url.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "audit/postgres_server.h"

namespace disposable {
namespace {

// The value that the connection string gives `keyword`; "-" when it gives none.
std::string setting(const PostgresUrl& url, const std::string& keyword, std::size_t host = 0) {
  const std::string text = " " + connection_string(url, host);
  const std::string before = " " + keyword + "='";
  const std::size_t at = text.find(before);
  const std::size_t begin = at + before.size();
  return at == std::string::npos ? "-" : text.substr(begin, text.find("' ", begin) - begin);
}

TEST_CASE("parse: only URLs of PostgreSQL with a user, and no error repeats them") {
  const char* const refused[] = {
      "",
      "postgresql:",
      "redis://u:canary@host",
      "host=localhost user=u password=canary",
      "postgresql://host/db",
      "postgresql://u:canary@[host/db",
      "postgresql://u:canary%zz@host/db",
      "postgresql://u:canary@host/db?canary=1",
      "postgresql://u:canary@host/db?sslmode=canary",
      "postgresql://u:canary@host/db?service=canary",
      "postgresql://u:canary@host/db?replication=database",
      "postgresql://u:canary@host/db?client_encoding=LATIN1",
      "postgresql://u:canary%0A@host/db",
      "postgresql://u:canary@host\n/db",
      "postgresql://u:pass@canary@127.0.0.1/db",
      "postgresql://u:canary@a,b@c/db",
  };
  for (const std::string text : refused) {
    CAPTURE(text);
    const Result<PostgresUrl> url = parse_postgres_url(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == Errc::kInvalidArgument);
    CHECK(url.error().detail.find("canary") == std::string::npos);
    CHECK(url.error().detail.find('\n') == std::string::npos);
  }
}

TEST_CASE("parse: what is shown has neither user nor password") {
  const std::pair<const char*, const char*> rows[] = {
      {"postgresql://u:canary@db.example:5433/logs?sslmode=require", "postgresql://db.example:5433/logs"},
      {"postgres://u:canary@a,b:2/logs", "postgresql://a,b:2/logs"},
      {"postgresql://u:canary@/logs?host=/run/postgresql", "postgresql:///run/postgresql/logs"},
      {"postgresql://u@/logs?hostaddr=192.0.2.1", "postgresql://192.0.2.1/logs"},
      {"postgresql://u@", "postgresql:///"},
  };
  for (const auto& [text, shown] : rows) {
    CHECK(parsed_url(text).shown == shown);
  }
}

TEST_CASE("sslmode: verify-full for other machines, unless the URL says something else") {
  struct Row {
    const char* host;
    const char* more;
    const char* sslmode;
  };
  const Row rows[] = {
      {"db.example", "", "verify-full"},
      {"192.0.2.1", "", "verify-full"},
      {"localhost.example", "", "verify-full"},
      {"localhost", "?hostaddr=192.0.2.1", "verify-full"},
      {"db.example", "?sslmode=require", "require"},
      {"db.example", "?sslmode=disable", "disable"},
      {"localhost", "", "prefer"},
      {"127.0.0.2", "", "prefer"},
      {"[::1]", "", "prefer"},
      {"", "", "prefer"},
      {"", "?host=/run/postgresql", "prefer"},
      {"%2Frun%2Fpostgresql", "", "prefer"},
      {"localhost", "?sslmode=verify-full", "verify-full"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.host);
    CAPTURE(row.more);
    PostgresUrl url = parsed_url(std::string("postgresql://u@") + row.host + "/db" + row.more);
    CHECK(setting(url, "sslmode") == row.sslmode);
    url.default_sslmode = "prefer";
    const bool by_default = std::string(row.more).find("sslmode") == std::string::npos;
    CHECK(setting(url, "sslmode") == (by_default ? "prefer" : row.sslmode));
  }
}

TEST_CASE("hosts: each is tried with its own address, port and protection") {
  const PostgresUrl url = parsed_url("postgresql://u@a.example,localhost:2/db?hostaddr=192.0.2.1,127.0.0.1");
  REQUIRE(host_count(url) == 2);
  CHECK(setting(url, "host", 0) == "a.example");
  CHECK(setting(url, "hostaddr", 0) == "192.0.2.1");
  CHECK(setting(url, "port", 0) == "");
  CHECK(setting(url, "sslmode", 0) == "verify-full");
  CHECK(setting(url, "host", 1) == "localhost");
  CHECK(setting(url, "port", 1) == "2");
  CHECK(setting(url, "sslmode", 1) == "prefer");
  CHECK(setting(url, "target_session_attrs") == "read-write");
  CHECK(setting(parsed_url("postgresql://u@a/db"), "target_session_attrs") == "-");
  CHECK(setting(parsed_url("postgresql://u@a,b/db?port=7"), "port", 1) == "7");
}

TEST_CASE("connect_timeout: whole seconds of the URL") {
  CHECK(connect_timeout(parsed_url("postgresql://u@a/db?connect_timeout=3")) == std::chrono::seconds(3));
  for (const std::string text : {"", "?connect_timeout=0", "?connect_timeout=-1", "?connect_timeout=x"}) {
    CHECK_FALSE(connect_timeout(parsed_url("postgresql://u@a/db" + text)));
  }
}

TEST_CASE("connection string: quotes and backslashes stay inside a value") {
  CHECK(setting(parsed_url("postgresql://u:a%27b%5C@localhost/db"), "password") == "a\\'b\\\\");
}

TEST_CASE("connection string: the environment changes nothing") {
  struct Row {
    const char* variable;
    const char* value;
    const char* keyword;
    const char* expected;
  };
  const Row rows[] = {
      {"PGHOST", "canary", "host", ""},
      {"PGHOSTADDR", "192.0.2.9", "hostaddr", ""},
      {"PGPORT", "9", "port", "5432"},
      {"PGDATABASE", "canary", "dbname", ""},
      {"PGUSER", "canary", "user", "u"},
      {"PGPASSWORD", "canary", "password", ""},
      {"PGOPTIONS", "-c fsync=off", "options", ""},
      {"PGSSLMODE", "disable", "sslmode", "prefer"},
      {"PGSSLROOTCERT", "canary", "sslrootcert", ""},
      {"PGSSLCERT", "canary", "sslcert", ""},
      {"PGAPPNAME", "canary", "application_name", "disposable-secrets"},
      {"PGTARGETSESSIONATTRS", "standby", "target_session_attrs", "any"},
      {"PGCLIENTENCODING", "LATIN1", "client_encoding", "UTF8"},
      {"PGCHANNELBINDING", "disable", "channel_binding", "prefer"},
  };
  const PostgresUrl url = parsed_url("postgresql://u@");
  for (const Row& row : rows) {
    CAPTURE(row.variable);
    ::setenv(row.variable, row.value, 1);
    CHECK(setting(url, row.keyword) == row.expected);
    ::unsetenv(row.variable);
  }
}

}  // namespace
}  // namespace disposable
