// Goal: a server that is away, frozen or not the right one costs a bounded time and one clear line. Method: a real
// server that is stopped with SIGSTOP, ended and started again; certificates that do not fit; wrong passwords.

#include <poll.h>

#include <fstream>
#include <thread>

#include "audit/postgres_database.h"
#include "http/tls_fixture.h"

namespace disposable {
namespace {

PostgresServer& server() { return PostgresServer::shared(); }

std::string address() { return "127.0.0.1:" + std::to_string(server().port()); }

constexpr PostgresTimeouts kShort{.connect = std::chrono::milliseconds{300},
                                  .statement = std::chrono::milliseconds{300},
                                  .lock = std::chrono::milliseconds{300},
                                  .answer = std::chrono::milliseconds{300}};

// Runs `action` and checks that it took neither no time nor long.
template <class Action>
auto bounded(const Action& action) {
  const auto begin = std::chrono::steady_clock::now();
  auto outcome = action();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
  return outcome;
}

// The one line that a URL gives, "" when it connects.
std::string refusal(const std::string& text) {
  const Result<PostgresConnection> connection = PostgresConnection::open(parsed_url(text), {});
  if (connection) {
    return "";
  }
  CHECK(connection.error().code == Errc::kUnavailable);
  CHECK(connection.error().detail.find('\n') == std::string::npos);
  return connection.error().detail;
}

struct Refusal {
  std::string text;
  std::string reason;  // "": it connects
};

void check_refusal(const Refusal& row) {
  CAPTURE(row.text);
  const std::string line = refusal(row.text);
  CAPTURE(line);
  CHECK(line.empty() == row.reason.empty());
  CHECK(line.find(row.reason) != std::string::npos);
  CHECK(line.find("canary") == std::string::npos);
}

TEST_CASE("connect: who cannot log in is told why in one line without the password") {
  const Refusal rows[] = {
      {"postgresql://asked:open%20sesame@" + address() + "/postgres", ""},
      {"postgresql://asked:canary@" + address() + "/postgres", "password authentication failed"},
      {"postgresql://asked@" + address() + "/postgres?passfile=/dev/null", "no password supplied"},
      {"postgresql://owner:canary@" + address() + "/absent", "database \"absent\" does not exist"},
      {"postgresql://absent:canary@" + address() + "/postgres", "role \"absent\" does not exist"},
      {"postgresql://owner:canary@127.0.0.1:1/postgres", "Connection refused"},
      {"postgresql://owner:canary@host.invalid/postgres?sslmode=disable", "host.invalid"},
      {"postgresql://owner:canary@/postgres?host=/absent", "No such file or directory"},
      {"postgresql://owner@/postgres?host=" + server().folder().string() + "&port=" + std::to_string(server().port()),
       ""},
      {"postgresql://owner@127.0.0.1,127.0.0.1/postgres?port=1," + std::to_string(server().port()), ""},
  };
  for (const Refusal& row : rows) {
    check_refusal(row);
  }
}

TEST_CASE("connect: a password file is used as libpq does") {
  const TemporaryFolder folder;
  std::ofstream(folder / "passwords") << "127.0.0.1:*:*:asked:open sesame\n";
  const std::string url = "postgresql://asked@" + address() + "/postgres";
  std::filesystem::permissions(folder / "passwords", std::filesystem::perms::owner_read);
  CHECK(refusal(url + "?passfile=" + (folder / "passwords").string()).empty());
  ::setenv("PGPASSFILE", (folder / "passwords").c_str(), 1);
  CHECK(refusal(url).empty());
  ::unsetenv("PGPASSFILE");
}

TEST_CASE("connect: verify-full takes the right certificate for the right name only") {
  const TemporaryFolder folder;
  const TlsContext::Files other = make_files(folder, "other");
  const std::string name = "postgresql://owner@localhost:" + std::to_string(server().port()) + "/postgres";
  const std::string number = "postgresql://owner@" + address() + "/postgres";
  const std::string root = "&sslrootcert=" + server().certificate().string();
  const Refusal rows[] = {
      {name + "?sslmode=verify-full" + root, ""},
      {number + "?sslmode=verify-full" + root, "does not match host name \"127.0.0.1\""},
      {number + "?sslmode=verify-ca" + root, ""},
      {name + "?sslmode=verify-full&sslrootcert=" + other.certificate.string(), "certificate verify failed"},
      {name + "?sslmode=verify-full&sslrootcert=/absent.pem", "root certificate file \"/absent.pem\" does not exist"},
  };
  for (const Refusal& row : rows) {
    check_refusal(row);
  }
}

TEST_CASE("connect: a server that is not on this machine is not believed without a certificate") {
  // The name is another machine's, the address is the test server's.
  const std::string text = "postgresql://owner@db.example:" + std::to_string(server().port()) +
                           "/postgres?hostaddr=127.0.0.1&sslrootcert=" + server().certificate().string();
  CHECK(refusal(text).find("does not match host name \"db.example\"") != std::string::npos);
  PostgresUrl lenient = parsed_url(text);
  lenient.default_sslmode = "prefer";
  std::erase_if(lenient.settings, [](const auto& setting) { return setting.keyword == "sslrootcert"; });
  CHECK(PostgresConnection::open(lenient, {}));
}

TEST_CASE("a frozen server: costs a bounded time, and all is well when it goes on") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  const auto log = PostgresAuditLog::open(database.url(), key, {}, kShort);
  REQUIRE(log);
  server().freeze();
  const Result<void> first = bounded([&] { return (*log)->append(test_events(1, 1000)); });
  const Result<void> second = bounded([&] { return (*log)->append(test_events(1, 1000)); });
  const auto opened = bounded([&] { return PostgresAuditLog::open(database.url(), key, {}, kShort); });
  server().thaw();
  REQUIRE_FALSE(first);
  CHECK(first.error().code == Errc::kUnavailable);
  CHECK(first.error().detail.find("did not answer in time") != std::string::npos);
  REQUIRE_FALSE(second);
  CHECK(second.error().detail.find("not made in time") != std::string::npos);
  CHECK_FALSE(opened);
  REQUIRE(database.log(key)->append(test_events(1, 1000)));
  database.check_whole(key, 1000);
}

TEST_CASE("a server that ends: the log goes on when it is back") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  const auto log = database.log(key);
  REQUIRE(log->append(test_events(1, 10)));
  server().stop();
  for (int attempt = 0; attempt < 2; ++attempt) {
    const Result<void> refused = bounded([&] { return log->append(test_events(11, 10)); });
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::kUnavailable);
    CHECK(refused.error().detail.find('\n') == std::string::npos);
  }
  CHECK_FALSE(log->contains(test_event(1).id));
  server().start();
  REQUIRE(log->append(test_events(11, 10)));
  database.check_whole(key, 20);
}

TEST_CASE("a server that is killed: keeps what was confirmed") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  const auto log = database.log(key);
  REQUIRE(log->append(test_events(1, 10)));
  server().kill();
  server().start();
  CHECK_FALSE(log->append(test_events(11, 10)));
  REQUIRE(log->append(test_events(11, 10)));
  database.check_whole(key, 20);
}

TEST_CASE("append: a commit that no standby has confirmed is unknown, though the server calls it done") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  const auto log = database.log(key);
  database.run_sql("ALTER SYSTEM SET synchronous_standby_names = 'absent'");
  database.run_sql("SELECT pg_reload_conf()");
  // Once the server has noticed, a commit waits for a standby that never comes, until an operator cancels the wait.
  Result<void> outcome;
  std::uint64_t events = 0;
  std::jthread node([&] {
    while (outcome && events < 10'000) {
      outcome = log->append(test_events(++events, 1));
    }
  });
  std::string canceled;
  for (int attempt = 0; attempt < 500 && canceled != "t"; ++attempt) {
    canceled =
        run_postgres_sql("public", "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    ::poll(nullptr, 0, 20);
  }
  node.join();
  database.run_sql("ALTER SYSTEM RESET synchronous_standby_names");
  database.run_sql("SELECT pg_reload_conf()");
  CHECK(canceled == "t");
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().detail.find("a standby did not confirm") != std::string::npos);
  REQUIRE(log->append(test_events(events, 1)));
  database.check_whole(key, events);
}

TEST_CASE("list: a row that a policy hides is an error and not a missing row") {
  const PostgresDatabase database;
  const SymmetricKey key = test_audit_key();
  REQUIRE(database.log(key)->append(test_events(1, 3)));
  database.run_sql(
      "ALTER TABLE secret_logs ENABLE ROW LEVEL SECURITY; ALTER TABLE secret_logs FORCE ROW LEVEL SECURITY;"
      "CREATE POLICY hide ON secret_logs USING (id <> 2)");
  const Result<std::vector<AuditRow>> rows = database.source()->list({});
  REQUIRE_FALSE(rows);
  CHECK(rows.error().detail.find("row-level security") != std::string::npos);
}

}  // namespace
}  // namespace disposable
