// Goal: what an address may do holds for whoever asks, and for nobody else; a refusal says when to come back. Method: a
// proxy on loopback that is trusted, so that a test can be any client; single refills take a minute.

#include <doctest/doctest.h>

#include "http/raw_client.h"
#include "http/slow_store.h"

namespace disposable {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view kCreate = "/api/v1/secret";
constexpr std::string_view kBody = R"({"secret":"x","passphrase":"p"})";
const std::string kNoSecret = std::string(kCreate) + "/550e8400-e29b-41d4-a716-446655440000";

FrontSettings behind_proxy(const Limits& limits) {
  FrontSettings settings{limits, {}};
  REQUIRE(settings.trusted_proxies.add("127.0.0.0/8").has_value());
  return settings;
}

// A server behind a trusted proxy, and the clients in front of that.
struct Fixture {
  explicit Fixture(const Limits& limits)
      : server(api.api, api.store(), {.workers = 2, .settings = behind_proxy(limits)}) {}

  // Over a connection of its own; without `client` nobody is named.
  std::string ask(std::string_view client, std::string_view method, std::string_view path, std::string_view body = {}) {
    RawClient connection(server.port);
    const std::string field = client.empty() ? "" : "X-Forwarded-For: " + std::string(client) + "\r\n";
    connection.send(request(method, path, body, field + "Content-Type: application/json\r\n"));
    return connection.receive();
  }
  int create(std::string_view client, std::string_view body = kBody) {
    return status_of(ask(client, "POST", kCreate, body));
  }
  std::string create_path(std::string_view client) {
    const std::string created = ask(client, "POST", kCreate, kBody);
    REQUIRE(status_of(created) == 200);
    return std::string(kCreate) + "/" + created.substr(created.find("\r\n\r\n") + 4 + 15, SecretKey::kTextSize);
  }

  ApiFixture api;
  RunningServer server;
};

int retry_after(const std::string& response) {
  const std::string_view name = "\r\nRetry-After: ";
  const std::size_t at = response.find(name);
  return at == std::string::npos ? 0 : std::stoi(response.substr(at + name.size()));
}

double hits(const ParsedMetrics& metrics, const std::string& limit) {
  return metrics.value("disposable_secrets_limit_hits_total{limit=\"" + limit + "\"}");
}
double requests(const ParsedMetrics& metrics, const std::string& labels) {
  return metrics.value("disposable_secrets_http_requests_total{" + labels + "}");
}

}  // namespace

TEST_CASE("server limits: creations are counted by client, and loopback itself is never limited") {
  Limits limits;
  limits.creates = {2, 1};
  Fixture fixture(limits);
  CHECK(fixture.create("203.0.113.7") == 200);
  CHECK(fixture.create("203.0.113.7") == 200);
  const std::string refusal = fixture.ask("198.51.100.1, 203.0.113.7", "POST", kCreate, kBody);
  CHECK(status_of(refusal) == 429);
  CHECK(retry_after(refusal) >= 50);
  CHECK(retry_after(refusal) <= 60);
  CHECK(fixture.create("203.0.113.8") == 200);
  CHECK(fixture.create("127.0.0.1") == 200);  // a proxy's client, whatever address it claims
  CHECK(fixture.create("127.0.0.1") == 200);
  CHECK(fixture.create("127.0.0.1") == 429);
  for (int i = 0; i < 5; ++i) {
    CHECK(fixture.create("") == 200);
  }
  CHECK(fixture.api.vault.history()[0] == "created 203.0.113.7");
  CHECK(fixture.api.vault.history()[2] == "created 203.0.113.8");
  fixture.server.stop(5s);
  const ParsedMetrics metrics = fixture.server.metrics();
  CHECK(metrics.error().empty());
  CHECK(hits(metrics, "creates") == 2);
  CHECK(requests(metrics, R"(method="POST",route="/api/v1/secret",status="200")") == 10);
  CHECK(requests(metrics, R"(method="POST",route="/api/v1/secret",status="429")") == 2);
}

TEST_CASE("server limits: who has missed too often is refused, also what exists") {
  Limits limits;
  limits.misses = {2, 1};
  Fixture fixture(limits);
  const std::string path = fixture.create_path("203.0.113.7");
  CHECK(status_of(fixture.ask("203.0.113.7", "GET", kNoSecret)) == 404);
  CHECK(status_of(fixture.ask("203.0.113.7", "DELETE", kNoSecret)) == 404);
  const std::string refusal = fixture.ask("203.0.113.7", "GET", path);
  CHECK(status_of(refusal) == 429);
  CHECK(retry_after(refusal) >= 50);
  CHECK(status_of(fixture.ask("203.0.113.7", "DELETE", path)) == 429);
  CHECK(status_of(fixture.ask("203.0.113.7", "GET", "/healthz")) == 200);
  CHECK(fixture.create("203.0.113.7") == 200);
  CHECK(status_of(fixture.ask("2001:db8::1", "GET", path)) == 200);
  CHECK(status_of(fixture.ask("2001:db8::1", "GET", path)) == 410);  // it was there: no guess
  CHECK(status_of(fixture.ask("2001:db8::1", "GET", kNoSecret)) == 404);
  CHECK(status_of(fixture.ask("2001:db8::2", "GET", kNoSecret)) == 404);  // the same /64
  CHECK(status_of(fixture.ask("2001:db8::3", "GET", kNoSecret)) == 429);
  for (int i = 0; i < 5; ++i) {
    CHECK(status_of(fixture.ask("", "GET", kNoSecret)) == 404);
  }
}

TEST_CASE("server limits: wrong passphrases count over all secrets, right ones do not") {
  Limits limits;
  limits.wrong_passphrases = {2, 1};
  Fixture fixture(limits);
  const std::string_view right = R"({"passphrase":"p"})";
  const std::string_view wrong = R"({"passphrase":"q"})";
  const std::string path = fixture.create_path("203.0.113.7");
  CHECK(status_of(fixture.ask("203.0.113.7", "DELETE", fixture.create_path("203.0.113.7"), right)) == 200);
  CHECK(status_of(fixture.ask("203.0.113.7", "DELETE", fixture.create_path("203.0.113.7"), wrong)) == 403);
  CHECK(status_of(fixture.ask("203.0.113.7", "DELETE", fixture.create_path("203.0.113.7"), wrong)) == 403);
  const std::string refusal = fixture.ask("203.0.113.7", "DELETE", path, right);
  CHECK(status_of(refusal) == 429);
  CHECK(retry_after(refusal) >= 50);
  CHECK(status_of(fixture.ask("203.0.113.8", "DELETE", path, right)) == 200);
  CHECK(status_of(fixture.ask("203.0.113.7", "GET", fixture.create_path("203.0.113.7"))) == 200);
}

TEST_CASE("server limits: they hold for API v2, which tells them in its own form") {
  Limits limits;
  limits.creates = {2, 1};
  limits.misses = {2, 1};
  limits.wrong_passphrases = {2, 1};
  Fixture fixture(limits);
  const std::string_view unknown = R"({"secret_key":"550e8400-e29b-41d4-a716-446655440000"})";
  const auto post = [&fixture](std::string_view client, std::string_view path, std::string_view body) {
    return fixture.ask(client, "POST", "/api/v2/" + std::string(path), body);
  };
  const auto check_refused = [](const std::string& answer) {
    CHECK(status_of(answer) == 429);
    CHECK(retry_after(answer) >= 50);
    CHECK(answer.find("\r\nContent-Type: application/problem+json\r\n") != std::string::npos);
    CHECK(answer.find("\"type\":\"urn:disposable-secrets:problem:rate-limited\"") != std::string::npos);
  };
  CHECK(status_of(post("203.0.113.7", "requests", "")) == 201);
  const std::string created = post("203.0.113.7", "secrets", kBody);
  CHECK(status_of(created) == 201);
  check_refused(post("203.0.113.7", "requests", ""));
  check_refused(post("203.0.113.7", "secrets", kBody));

  CHECK(status_of(post("203.0.113.8", "secrets/status", unknown)) == 404);
  CHECK(status_of(post("203.0.113.8", "receipts/delete", R"({"receipt_key":"x"})")) == 404);
  for (const std::string_view path : {"secrets/retrieve", "secrets/status", "secrets/delete"}) {
    check_refused(post("203.0.113.8", path, unknown));
  }

  const std::size_t at = created.find("\"secret_key\":\"") + 14;
  const std::string wrong =
      "{\"secret_key\":\"" + created.substr(at, SecretKey::kTextSize) + "\",\"passphrase\":\"q\"}";
  const std::string right =
      "{\"secret_key\":\"" + created.substr(at, SecretKey::kTextSize) + "\",\"passphrase\":\"p\"}";
  CHECK(status_of(post("203.0.113.9", "secrets/retrieve", wrong)) == 403);
  CHECK(status_of(post("203.0.113.9", "secrets/delete", wrong)) == 403);
  check_refused(post("203.0.113.9", "secrets/retrieve", right));
  CHECK(status_of(post("203.0.113.9", "secrets/status", right)) == 200);
  CHECK(status_of(post("203.0.113.10", "secrets/retrieve", right)) == 200);
}

TEST_CASE("server limits: bytes of what was not stored are given back") {
  Limits limits;
  limits.address_bytes_max = kBody.size() + kBody.size() / 2;
  Fixture fixture(limits);
  const std::string invalid(kBody.size(), 'x');
  for (int i = 0; i < 5; ++i) {
    CHECK(fixture.create("203.0.113.7", invalid) == 422);
  }
  for (int i = 0; i < 5; ++i) {  // nor of what never came
    RawClient client(fixture.server.port);
    client.send(
        "POST /api/v1/secret HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.7\r\n"
        "Expect: 100-continue\r\nContent-Length: 31\r\n\r\n");
    CHECK(client.receive() == "HTTP/1.1 100 Continue\r\n\r\n");
    client.finish_sending();
    CHECK(client.receive_all().empty());
  }
  CHECK(fixture.create("203.0.113.7") == 200);
  CHECK(fixture.create("203.0.113.7") == 429);
  CHECK(fixture.create("203.0.113.8") == 200);
}

TEST_CASE("server limits: a filling is repeated without room for its bytes, and takes none") {
  Limits limits;
  limits.address_bytes_max = 150;
  Fixture fixture(limits);
  const auto fill = [&](std::string_view fill_key, std::string_view idempotency_key) {
    RawClient client(fixture.server.port);
    client.send(request("POST", "/api/v2/requests/fill", std::string(100, 'x'),
                        "X-Forwarded-For: 203.0.113.7\r\nContent-Type: application/octet-stream\r\nRequest-Fill-Key: " +
                            std::string(fill_key) + "\r\nIdempotency-Key: " + std::string(idempotency_key) + "\r\n"));
    return status_of(client.receive());
  };
  const auto ask = [&] {
    const std::string asked = fixture.ask("203.0.113.8", "POST", "/api/v2/requests");
    return asked.substr(asked.find("\"fill_key\":\"") + 12, SecretKey::kTextSize);
  };
  const std::string one = ask();
  const std::string another = ask();
  CHECK(fill(one, "0123456789abcdef") == 201);
  CHECK(fill(one, "0123456789abcdef") == 201);
  CHECK(fill(one, "0123456789abcdeg") == 409);
  CHECK(fill(another, "0123456789abcdef") == 429);
}

TEST_CASE("server limits: what can never fit is not told to wait") {
  Limits limits;
  limits.address_bytes_max = 100;
  Fixture fixture(limits);
  const std::string large = R"({"secret":")" + std::string(100, 'x') + "\"}";
  CHECK(fixture.create("203.0.113.7", large) == 413);
  CHECK(status_of(fixture.ask("203.0.113.7", "POST", "/api/v2/secrets", large)) == 413);
  CHECK(fixture.create("203.0.113.7") == 200);
  limits.address_bytes_max = 0;
  limits.stored_bytes_max = 100;
  fixture.server.configure(behind_proxy(limits));
  const auto upload = [&](std::size_t size) {
    RawClient client(fixture.server.port);
    client.send(request("POST", "/api/v2/secrets", std::string(size, 'x'),
                        "X-Forwarded-For: 203.0.113.7\r\nContent-Type: application/octet-stream\r\n"));
    return client.receive();
  };
  CHECK(status_of(upload(101)) == 413);
  CHECK(upload(101).find("Retry-After") == std::string::npos);
  CHECK(status_of(upload(100)) == 201);
}

TEST_CASE("server limits: API v1 is no way to have the limit of API v2 met") {
  Limits limits;
  limits.wrong_passphrases = {2, 1};
  Fixture fixture(limits);
  const std::string created = fixture.ask("203.0.113.7", "POST", "/api/v2/secrets", kBody);
  const std::string key = created.substr(created.find("\"secret_key\":\"") + 14, SecretKey::kTextSize);
  for (int i = 0; i < 5; ++i) {
    const std::string refused = fixture.ask("203.0.113.7", "DELETE", std::string(kCreate) + "/" + key);
    CHECK(status_of(refused) == 403);
    CHECK(refused.ends_with(R"({"detail":"The secret was created with API v2"})"));
  }
  const std::string body = R"({"passphrase":"p","secret_key":")" + key + "\"}";
  CHECK(status_of(fixture.ask("203.0.113.7", "POST", "/api/v2/secrets/retrieve", body)) == 200);
}

TEST_CASE("server limits: new settings hold for connections that exist") {
  Limits limits;
  Fixture fixture(limits);
  RawClient client(fixture.server.port);
  const std::string field = "X-Forwarded-For: 203.0.113.7\r\n";
  const auto status = [&client](const std::string& bytes) {
    client.send(bytes);
    return status_of(client.receive());
  };
  CHECK(status(request("POST", kCreate, kBody, field)) == 200);
  limits.head_bytes_max = 256;
  limits.misses = {1, 1};
  fixture.server.configure({limits, {}});            // and nobody is trusted any more
  CHECK(status(request("GET", "/healthz")) == 200);  // after it, the loop has seen the new settings
  CHECK(status(request("GET", kNoSecret, "", field)) == 404);
  CHECK(status(request("GET", kNoSecret, "", field)) == 404);  // of loopback
  CHECK(status(request("POST", kCreate, kBody, field)) == 200);
  CHECK(status(request("GET", "/healthz", "", "X: " + std::string(256, 'a') + "\r\n")) == 431);
  CHECK(fixture.api.vault.history() == std::vector<std::string>{"created 203.0.113.7", "created 127.0.0.1"});
}

TEST_CASE("server limits: when no connection can be spared a new one is told to come back") {
  SlowFixture fixture;
  Limits limits;
  limits.connections_max = 1;
  RunningServer server(fixture.api, fixture.store, {.workers = 1, .settings = {limits, {}}});
  fixture.store.hold_changes();
  RawClient busy(server.port);
  busy.send(request("POST", kCreate, kBody));
  fixture.store.wait_for_change();
  RawClient turned_away(server.port);
  const std::string answer = turned_away.receive();
  CHECK(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(answer.ends_with(R"({"detail":"Service unavailable, try again later"})"));
  CHECK(retry_after(answer) >= 1);
  CHECK(turned_away.receive_all().empty());
  fixture.store.release();
  CHECK(status_of(busy.receive()) == 200);
  server.stop(5s);
  CHECK(hits(server.metrics(), "connections") >= 1);
}

TEST_CASE("server limits: metrics say what happened, and nothing is left when all is over") {
  ApiFixture fixture;
  RunningServer server(fixture.api, fixture.store());
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  for (int i = 0; i < 3; ++i) {
    RawClient client(server.port);
    const std::string all = request("GET", "/healthz") + request("GET", kNoSecret) + request("PUT", "/") + "\n";
    client.send(all);
    client.finish_sending();
    received += all.size();
    sent += client.receive_all().size();
  }
  server.stop(5s);
  const ParsedMetrics metrics = server.metrics();
  CHECK(metrics.error().empty());
  CHECK(requests(metrics, R"(method="GET",route="/healthz",status="200")") == 3);
  CHECK(requests(metrics, R"(method="GET",route="/api/v1/secret/{secret_key}",status="404")") == 3);
  CHECK(requests(metrics, R"(method="unmatched",route="unmatched",status="405")") == 3);
  CHECK(requests(metrics, R"(method="unmatched",route="unmatched",status="400")") == 3);
  CHECK(metrics.value("disposable_secrets_http_connections_accepted_total") == 3);
  CHECK(metrics.value("disposable_secrets_http_received_bytes_total") == static_cast<double>(received));
  CHECK(metrics.value("disposable_secrets_http_sent_bytes_total") == static_cast<double>(sent));
  CHECK(metrics.value("disposable_secrets_http_buffered_bytes") == 0);
  for (const std::string state : {"handshake", "idle", "reading", "working", "writing", "lingering"}) {
    CHECK(metrics.value("disposable_secrets_http_connections{state=\"" + state + "\"}") == 0);
  }
}

}  // namespace disposable
