// Goal: what all connections hold together stays within its bound, and whoever would keep it full makes room. Method:
// clients that do not read, and a bound that a few answers reach.

#include <doctest/doctest.h>

#include "http/raw_client.h"
#include "http/slow_store.h"

namespace disposable {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view kCreate = "/api/v1/secret";
const std::string kNoSecret = std::string(kCreate) + "/550e8400-e29b-41d4-a716-446655440000";

std::string create(int port, const std::string& secret) {
  RawClient client(port);
  client.send(request("POST", kCreate, "{\"secret\":\"" + secret + "\"}"));
  return client.receive();
}

// Of a secret of a million bytes that is there now.
std::string large_secret(int port) {
  const std::string created = create(port, std::string(1'000'000, 'x'));
  REQUIRE(status_of(created) == 200);
  return std::string(kCreate) + "/" + created.substr(created.find("\r\n\r\n") + 4 + 15, SecretKey::kTextSize);
}

}  // namespace

TEST_CASE("server memory: while buffers are full new requests for the vault are refused, and health is told") {
  ApiFixture fixture;
  Limits limits;
  limits.buffer_bytes_max = 0;
  RunningServer server(fixture.api, fixture.store(), {.workers = 1, .settings = {limits, {}}});
  RawClient client(server.port);
  client.send(request("GET", "/healthz"));
  CHECK(status_of(client.receive()) == 200);
  client.send(request("GET", kNoSecret));
  const std::string answer = client.receive();
  CHECK(status_of(answer) == 503);
  CHECK(answer.find("\r\nRetry-After: 1\r\n") != std::string::npos);
  client.send(request("GET", "/readyz"));
  CHECK(status_of(client.receive()) == 200);
  server.stop(5s);
  CHECK(server.metrics().value("disposable_secrets_limit_hits_total{limit=\"buffer_bytes\"}") == 1);
}

TEST_CASE("server memory: who does not take his answer makes room when memory is short, and others are served") {
  SlowFixture fixture;
  RunningServer server(fixture.api, fixture.store, {.workers = 1});
  const std::string path = large_secret(server.port);
  Limits limits;
  limits.buffer_bytes_max = 64UL * 1024;
  server.configure({limits, {}});
  RawClient reader(server.port, /*window=*/4096);
  const auto began = std::chrono::steady_clock::now();
  reader.send(request("GET", path));
  reader.wait_for_answer();
  while (status_of(create(server.port, "short")) == 503) {
    REQUIRE(std::chrono::steady_clock::now() - began < 60s);  // the answer has 76
  }
  CHECK(std::chrono::steady_clock::now() - began >= 1s);
  CHECK(reader.receive_all().size() < 1'000'000);
  server.stop(5s);
  CHECK(server.metrics().value("disposable_secrets_limit_hits_total{limit=\"buffer_bytes\"}") >= 1);
  CHECK(server.metrics().value("disposable_secrets_http_buffered_bytes") == 0);
}

TEST_CASE("server memory: who takes a little now and then makes room, too; first whose claim gets it again") {
  SlowFixture fixture;
  RunningServer server(fixture.api, fixture.store, {.workers = 1});
  RawClient claimant(server.port, /*window=*/4096);
  claimant.send(
      request("POST", "/api/v2/secrets", std::string(1'000'000, 'x'), "Content-Type: application/octet-stream\r\n"));
  const std::string created = claimant.receive();
  REQUIRE(status_of(created) == 201);
  const std::string key = created.substr(created.find("\r\n\r\n") + 4 + 15, SecretKey::kTextSize);
  RawClient loser(server.port, /*window=*/4096);
  loser.send(request("GET", large_secret(server.port)));
  loser.wait_for_answer();
  claimant.send(request("POST", "/api/v2/secrets/retrieve",
                        R"({"secret_key":")" + key + R"(","claim":"AAECAwQFBgcICQoLDA0ODw"})"));
  claimant.wait_for_answer();
  const auto began = std::chrono::steady_clock::now();
  auto next = began;
  const auto take_a_little = [&] {  // 40 KiB a second
    if (std::chrono::steady_clock::now() >= next) {
      next += 50ms;
      loser.receive_up_to(2048);
      claimant.receive_up_to(2048);
    }
    return std::chrono::steady_clock::now() - began;
  };
  RawClient other(server.port);
  while (take_a_little() < 3500ms) {
    other.send(request("GET", "/healthz"));
    REQUIRE(status_of(other.receive()) == 200);
  }
  Limits limits;
  limits.buffer_bytes_max = 1'500'000;
  server.configure({limits, {}});
  while (status_of(create(server.port, "short")) == 503) {
    REQUIRE(take_a_little() < 20s);  // the answers have 76
  }
  CHECK(claimant.receive_all().size() < 1'000'000);
  CHECK(loser.receive().size() > 1'000'000);
}

TEST_CASE("server memory: pages of metrics that nobody reads keep nobody waiting") {
  SlowFixture fixture;
  const auto long_metrics = [](MetricsText& text) {
    text.begin("long", MetricsText::Type::kGauge, std::string(200'000, 'x'));
  };
  const Api api(Api::Parts{.vault = fixture.vault, .readiness = [] { return Readiness{}; }, .metrics = long_metrics});
  Limits limits;
  {
    limits.buffer_bytes_max = 0;
    RunningServer full(api, fixture.store, {.workers = 1, .settings = {limits, {}}});
    RawClient client(full.port);
    client.send(request("GET", "/metrics"));
    CHECK(status_of(client.receive()) == 503);
  }
  limits.buffer_bytes_max = 500'000;
  RunningServer server(api, fixture.store, {.workers = 1, .settings = {limits, {}}});
  std::vector<std::unique_ptr<RawClient>> readers;
  for (int i = 0; i < 8; ++i) {
    readers.push_back(std::make_unique<RawClient>(server.port, /*window=*/4096));
    readers.back()->send(request("GET", "/metrics"));
    readers.back()->wait_for_answer();
  }
  for (int refused = 0; status_of(create(server.port, "short")) != 200; ++refused) {
    REQUIRE(refused < 20);  // whoever would lose something has a second, in which there are thousands
  }
  server.stop(0s);
  CHECK(server.metrics().value("disposable_secrets_limit_hits_total{limit=\"buffer_bytes\"}") >= 1);
}

TEST_CASE("server memory: the slowest of the large bodies makes room, though another began before it") {
  SlowFixture fixture;
  Limits limits;
  limits.head_max = 1200ms;
  RunningServer server(fixture.api, fixture.store, {.workers = 1, .settings = {limits, {}}});
  const std::string whole = request("POST", kCreate, "{\"secret\":\"" + std::string(300'000, 'x') + "\"}");
  RawClient fast(server.port);
  fast.send(whole.substr(0, 250'000));
  RawClient slow(server.port);
  slow.send(whole.substr(0, 70'000));
  RawClient silent(server.port);
  CHECK(silent.receive_all().empty());  // both have had their second
  limits.buffer_bytes_max = 300'000;
  server.configure({limits, {}});
  CHECK(status_of(slow.receive()) == 503);
  fast.send(whole.substr(250'000));
  CHECK(status_of(fast.receive()) == 200);
}

TEST_CASE("server memory: an answer waits for its reader, whatever it is to, and none is lost while there is room") {
  ApiFixture fixture;
  RunningServer server(fixture.api, fixture.store(), {.workers = 1});
  RawClient client(server.port, /*window=*/4096);
  constexpr int kRounds = 1000;  // of about 600 bytes, which no socket takes
  std::string all;
  for (int i = 0; i < kRounds; ++i) {
    all += request("GET", "/nothing") + request("PUT", "/");
  }
  client.send(all + "\n");
  // Until nothing more is answered however often others are.
  RawClient other(server.port);
  for (double before = -1, now = 0; now > before;) {
    before = now;
    for (int i = 0; i < 3; ++i) {
      other.send(request("GET", "/openapi.json"));
      REQUIRE(status_of(other.receive()) == 200);
    }
    now = server.metrics().value(
        R"(disposable_secrets_http_requests_total{method="unmatched",route="unmatched",status="405"})");
  }
  for (int i = 0; i < kRounds; ++i) {
    for (const int status : {404, 405}) {
      REQUIRE(status_of(client.receive()) == status);
    }
  }
  CHECK(status_of(client.receive()) == 400);
  CHECK(client.receive_all().empty());
}

TEST_CASE("server memory: answers that wait for their tickets count, and who comes too late keeps his secret") {
  SlowFixture fixture;
  RunningServer server(fixture.api, fixture.store, {.workers = 1});
  constexpr int kSecrets = 6;
  std::vector<std::string> paths;
  for (int i = 0; i < kSecrets; ++i) {
    paths.push_back(large_secret(server.port));
  }
  Limits limits;
  limits.buffer_bytes_max = 1'500'000;  // for the second one there is room, since it is counted when it is there
  server.configure({limits, {}});
  fixture.store.hold_changes();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (const std::string& path : paths) {
    clients.push_back(std::make_unique<RawClient>(server.port));
    clients.back()->send(request("GET", path));
  }
  for (std::size_t i = 2; i < paths.size(); ++i) {
    CHECK(status_of(clients[i]->receive()) == 503);
  }
  fixture.store.release();
  CHECK(status_of(clients[0]->receive()) == 200);
  CHECK(status_of(clients[1]->receive()) == 200);
  for (std::size_t i = 2; i < paths.size(); ++i) {
    clients[i]->send(request("GET", paths[i]));
    CHECK(status_of(clients[i]->receive()) == 200);
  }
}

}  // namespace disposable
