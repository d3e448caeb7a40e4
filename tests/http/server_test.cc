// Goal: what only a real connection shows: framing, pipelining, keep-alive, tickets, stopping. Method: raw sockets on a
// free port; time limits are shortened, and what is waited for is the server's answer, never a span of time.

#include "http/server.h"

#include <doctest/doctest.h>

#include <future>

#include "http/raw_client.h"
#include "http/slow_store.h"

namespace disposable {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view kCreate = "/api/v1/secret";

std::string secret_path(std::string_view key) { return "/api/v1/secret/" + std::string(key); }
std::string body_in(const std::string& response) { return response.substr(response.find("\r\n\r\n") + 4); }
bool closes(const std::string& response) { return response.find("Connection: close\r\n") != std::string::npos; }

std::string create(RawClient& client, std::string_view body = R"({"secret":"x"})") {
  client.send(request("POST", kCreate, body));
  const std::string response = client.receive();
  REQUIRE(status_of(response) == 200);
  return body_in(response).substr(15, SecretKey::kTextSize);
}

}  // namespace

TEST_CASE("server: the whole way over one connection") {
  ApiFixture fixture;
  RunningServer server(fixture.api, fixture.store());
  RawClient client(server.port);
  const std::string key = create(client, R"({"secret":"s","passphrase":"p"})");
  client.send(request("GET", secret_path(key)));
  const std::string first = client.receive();
  CHECK(first.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(body_in(first) == R"({"secret":"s"})");
  CHECK(!closes(first));
  CHECK(first.find("\r\nServer:") == std::string::npos);
  CHECK(first.find("\r\nKeep-Alive:") == std::string::npos);
  CHECK(first.find("\r\nCache-Control: no-cache, no-store, must-revalidate\r\n") != std::string::npos);
  client.send(request("GET", secret_path(key)));
  const std::string second = client.receive();
  CHECK(status_of(second) == 410);
  CHECK(!closes(second));
  const std::string other = create(client);
  client.send(request("DELETE", secret_path(other)));
  CHECK(body_in(client.receive()) == R"({"status":"secret deleted"})");
  CHECK(fixture.vault.history() ==
        std::vector<std::string>{"created 127.0.0.1", "retrieved 127.0.0.1", "created 127.0.0.1", "deleted 127.0.0.1"});
}

TEST_CASE("server: HEAD, Range, conditions and unknown methods never spend") {
  ApiFixture fixture;
  RunningServer server(fixture.api, fixture.store());
  RawClient client(server.port);
  const std::string key = create(client);
  client.send(request("HEAD", secret_path(key)));
  const std::string head = client.receive(/*with_body=*/false);
  CHECK(status_of(head) == 405);
  CHECK(head.find("\r\nAllow: GET, DELETE\r\n") != std::string::npos);
  for (const std::string_view method : {"OPTIONS", "TRACE", "BREW", "PRI", "PATCH"}) {
    client.send(request(method, secret_path(key)));
    CHECK(status_of(client.receive()) == 405);
  }
  client.send(request("GET", secret_path(key), "",
                      "Range: bytes=0-0,3-\r\nIf-None-Match: *\r\nIf-Match: x\r\nAccept: ;q=\r\n"
                      "X-Thing: a%0d%0aSet-Cookie: b\r\nAccept-Encoding: gzip\r\n"));
  const std::string whole = client.receive();
  CHECK(status_of(whole) == 200);
  CHECK(body_in(whole) == R"({"secret":"x"})");
  CHECK(whole.find("Content-Range") == std::string::npos);
  CHECK(whole.find("Set-Cookie") == std::string::npos);
}

TEST_CASE("server: HEAD on a page has the length of its body and no body") {
  ApiFixture fixture;
  RunningServer server(fixture.api, fixture.store());
  RawClient client(server.port);
  client.send(request("HEAD", "/healthz") + request("GET", "/healthz"));
  const std::string head = client.receive(/*with_body=*/false);
  CHECK(head.find("\r\nContent-Length: 15\r\n") != std::string::npos);
  CHECK(head.find("Accept-Ranges") == std::string::npos);
  CHECK(body_in(client.receive()) == R"({"status":"ok"})");
}

TEST_CASE("server: pipelined requests are answered in order, however they are cut") {
  ApiFixture fixture;
  RunningServer server(fixture.api, fixture.store());
  std::string all = request("POST", kCreate, R"({"secret":"x"})") + request("GET", "/healthz") +
                    request("DELETE", secret_path("x"), "{}") + request("GET", "/nothing");
  SUBCASE("in one piece") {
    RawClient client(server.port);
    client.send(all);
    for (const int status : {200, 200, 404, 404}) {
      CHECK(status_of(client.receive()) == status);
    }
  }
  SUBCASE("byte by byte") {
    RawClient client(server.port);
    for (const char byte : all) {
      client.send({&byte, 1});
    }
    for (const int status : {200, 200, 404, 404}) {
      CHECK(status_of(client.receive()) == status);
    }
  }
}

TEST_CASE("server: a peer that finishes sending with its request gets the answer, and then the end") {
  ApiFixture fixture;
  RunningServer server(fixture.api, fixture.store());
  for (int i = 0; i < 100; ++i) {
    RawClient client(server.port);
    client.send(request("GET", i % 2 == 0 ? "/healthz" : "/nothing"));
    client.finish_sending();
    CHECK(status_of(client.receive_all()) == (i % 2 == 0 ? 200 : 404));
  }
}

TEST_CASE("server: after a framing error the late body is not a request") {
  ApiFixture fixture;
  RunningServer server(fixture.api, fixture.store());
  const std::string key = [&] {
    RawClient client(server.port);
    return create(client);
  }();
  const std::string smuggled = request("GET", secret_path(key));
  const struct {
    std::string head;
    int status;
  } rows[] = {
      {"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\n", 400},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST /api/v1/secret HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n", 411},
      {"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(Limits{}.head_bytes_max, 'a'), 431},
      {"GET /" + std::string(Limits{}.target_bytes_max, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
      {"GET /" + std::string(Limits{}.head_bytes_max, 'a'), 414},
      {"POST /api/v1/secret HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413},
      {"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n", 404},
  };
  for (const auto& row : rows) {
    CAPTURE(row.head);
    RawClient client(server.port);
    client.send(row.head);
    const std::string answer = client.receive();
    CHECK(status_of(answer) == row.status);
    CHECK(closes(answer));
    CHECK(answer.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
    CHECK(body_in(answer).starts_with("{\"detail\":\""));
    client.send(smuggled);
    client.finish_sending();
    CHECK(client.receive_all().empty());
  }
  CHECK(fixture.vault.history().size() == 1);
}

TEST_CASE("server: 100 Continue is said when a body is awaited, and not when it is refused anyway") {
  ApiFixture fixture;
  RunningServer server(fixture.api, fixture.store());
  const std::string body = R"({"secret":"x"})";
  const std::string expect = "Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  RawClient client(server.port);
  client.send(request("POST", kCreate, "", expect));
  CHECK(client.receive() == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send(body);
  CHECK(status_of(client.receive()) == 200);
  client.send(request("POST", kCreate, "", expect) + body);
  CHECK(status_of(client.receive()) == 200);
  client.send(request("POST", kCreate, "", expect + "Content-Type: text/plain\r\n"));
  CHECK(status_of(client.receive()) == 415);
}

TEST_CASE("server: the largest bodies pass, and one byte more does not") {
  VaultFixture parts;
  const Api api{Api::Parts{parts.vault, [] { return Readiness{}; }}};
  RunningServer server(api, parts.store);
  RawClient client(server.port);
  std::string escaped;
  for (int i = 0; i < 1024 * 1024; ++i) {
    escaped += "\\u0001";
  }
  const std::string key = create(client, "{\"secret\":\"" + escaped + "\"}");
  client.send(request("GET", secret_path(key)));
  CHECK(body_in(client.receive()) == "{\"secret\":\"" + escaped + "\"}");
  client.send(request("POST", kCreate, "{\"secret\":\"" + escaped + "x\"}"));
  CHECK(status_of(client.receive()) == 422);
}

TEST_CASE("server: a peer that is too slow is told so, or dropped when it said nothing") {
  ApiFixture fixture;
  Limits limits;
  limits.head_max = limits.body_max = limits.idle_max = 50ms;
  RunningServer server(fixture.api, fixture.store(), {.workers = 4, .settings = {limits, {}}});
  RawClient silent(server.port);
  RawClient half_a_head(server.port);
  RawClient half_a_body(server.port);
  half_a_head.send("GET / HT");
  half_a_body.send("POST /api/v1/secret HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
  CHECK(silent.receive_all().empty());
  CHECK(status_of(half_a_head.receive()) == 408);
  CHECK(status_of(half_a_body.receive()) == 408);
  RawClient idle(server.port);
  idle.send(request("GET", "/healthz"));
  CHECK(status_of(idle.receive()) == 200);
  CHECK(idle.receive_all().empty());
}

TEST_CASE("server: a deadline is never early, however long the server had nothing to do") {
  ApiFixture fixture;
  Limits limits;
  limits.head_max = 100ms;
  RunningServer server(fixture.api, fixture.store(), {.workers = 1, .settings = {limits, {}}});
  for (int i = 0; i < 5; ++i) {
    const auto began = std::chrono::steady_clock::now();
    RawClient silent(server.port);
    CHECK(silent.receive_all().empty());
    CHECK(std::chrono::steady_clock::now() - began >= 100ms);
  }
}

TEST_CASE("server: when there are too many connections the one that has been idle longest makes room") {
  ApiFixture fixture;
  Limits limits;
  limits.connections_max = 2;
  RunningServer server(fixture.api, fixture.store(), {.workers = 1, .settings = {limits, {}}});
  RawClient first(server.port);
  first.send(request("GET", "/healthz"));
  CHECK(status_of(first.receive()) == 200);
  RawClient second(server.port);
  second.send(request("GET", "/healthz"));
  CHECK(status_of(second.receive()) == 200);
  RawClient third(server.port);
  third.send(request("GET", "/healthz"));
  CHECK(status_of(third.receive()) == 200);
  CHECK(first.receive_all().empty());
  second.send(request("GET", "/healthz"));
  CHECK(status_of(second.receive()) == 200);
}

TEST_CASE("server: whoever stalls with the memory that others need is told to come back, and they are served") {
  SlowFixture fixture;
  Limits limits;
  limits.buffer_bytes_max = 64UL * 1024;
  RunningServer server(fixture.api, fixture.store, {.workers = 1, .settings = {limits, {}}});
  RawClient stalled(server.port);
  stalled.send("POST /api/v1/secret HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + std::string(100'000, ' '));
  const std::string refused = stalled.receive();
  CHECK(status_of(refused) == 503);  // and not 408 after 22 seconds
  CHECK(refused.find("\r\nRetry-After: 1\r\n") != std::string::npos);
  CHECK(closes(refused));
  RawClient client(server.port);
  create(client);
}

TEST_CASE("server: a body that never arrives costs its client's budget nothing") {
  ApiFixture fixture;
  FrontSettings settings;
  settings.limits.address_bytes_max = 100;
  REQUIRE(settings.trusted_proxies.add("127.0.0.1").has_value());
  RunningServer server(fixture.api, fixture.store(), {.workers = 1, .settings = settings});
  const std::string client = "X-Forwarded-For: 192.0.2.1\r\n";
  {
    RawClient leaving(server.port);
    leaving.send("POST /api/v1/secret HTTP/1.1\r\nHost: x\r\n" + client +
                 "Expect: 100-continue\r\nContent-Length: 90\r\n\r\n");
    CHECK(leaving.receive() == "HTTP/1.1 100 Continue\r\n\r\n");
    leaving.finish_sending();
    CHECK(leaving.receive_all().empty());
  }
  RawClient again(server.port);
  again.send(request("POST", kCreate, R"({"secret":"x"})" + std::string(70, ' '), client));
  CHECK(status_of(again.receive()) == 200);
}

TEST_CASE("server: a body whose memory is there already goes on, however short memory is") {
  SlowFixture fixture;
  Limits limits;
  limits.buffer_bytes_max = 64UL * 1024;
  RunningServer server(fixture.api, fixture.store, {.workers = 1, .settings = {limits, {}}});
  const std::string whole = request("POST", kCreate, "{\"secret\":\"" + std::string(100'000, 'x') + "\"}");
  RawClient client(server.port);
  client.send(whole.substr(0, 90'000));
  RawClient other(server.port);  // the loop has seen what came before
  other.send(request("GET", "/healthz"));
  CHECK(status_of(other.receive()) == 200);
  client.send(whole.substr(90'000));
  CHECK(status_of(client.receive()) == 200);
}

TEST_CASE("server: a response waits for its ticket, and nobody else waits with it") {
  SlowFixture fixture;
  RunningServer server(fixture.api, fixture.store, {.workers = 1});
  fixture.store.hold_changes();
  RawClient client(server.port);
  client.send(request("POST", kCreate, R"({"secret":"x"})"));
  fixture.store.wait_for_change();
  RawClient other(server.port);  // the only worker is free again
  other.send(request("GET", secret_path("b9b4cbb9-a1c9-4b5e-8a3c-0c61f2c1b0a5")));
  CHECK(status_of(other.receive()) == 404);
  CHECK(!client.has_answer());
  fixture.store.release();
  CHECK(status_of(client.receive()) == 200);
}

TEST_CASE("server: when a ticket fails nothing is revealed") {
  SlowFixture fixture;
  RunningServer server(fixture.api, fixture.store);
  RawClient client(server.port);
  const std::string key = create(client, R"({"secret":"canary"})");
  fixture.store.failing = true;
  client.send(request("GET", secret_path(key)));
  const std::string answer = client.receive();
  CHECK(status_of(answer) == 503);
  CHECK(answer.find("\r\nRetry-After: ") != std::string::npos);
  CHECK(answer.find("canary") == std::string::npos);
}

TEST_CASE("server: stopping finishes the request in hand, answers one that comes at that moment and closes the idle") {
  SlowFixture fixture;
  RunningServer server(fixture.api, fixture.store);
  RawClient idle(server.port);
  idle.send(request("GET", "/healthz"));
  CHECK(status_of(idle.receive()) == 200);
  RawClient late(server.port);
  late.send(request("GET", "/healthz"));
  CHECK(status_of(late.receive()) == 200);
  RawClient busy(server.port);
  fixture.store.hold_changes();
  busy.send(request("POST", kCreate, R"({"secret":"x"})"));
  fixture.store.wait_for_change();
  auto stopped = std::async(std::launch::async, [&] { return server.stop(20s); });
  late.send(request("GET", "/healthz"));
  CHECK(status_of(late.receive()) == 200);
  CHECK(idle.receive_all().empty());  // closed while the busy one is still in hand
  fixture.store.release();
  const std::string answer = busy.receive();
  CHECK(status_of(answer) == 200);
  CHECK(closes(answer));
  CHECK(stopped.get());
}

TEST_CASE("server: stopping closes a connection as soon as its answer has been read") {
  SlowFixture fixture;
  RunningServer server(fixture.api, fixture.store);
  RawClient reader(server.port);
  const std::string key = create(reader, "{\"secret\":\"" + std::string(1'048'576, 'x') + "\"}");
  RawClient idle(server.port);
  idle.send(request("GET", "/healthz"));
  CHECK(status_of(idle.receive()) == 200);
  reader.send(request("GET", secret_path(key)));
  while (!reader.has_answer()) {
    std::this_thread::yield();
  }
  auto stopped = std::async(std::launch::async, [&] { return server.stop(20s); });
  CHECK(idle.receive_all().empty());
  CHECK(status_of(reader.receive()) == 200);
  CHECK(reader.receive_all().empty());
  CHECK(stopped.get());
}

TEST_CASE("server: what does not finish in time is cut off, and stop says so") {
  ApiFixture fixture;
  RunningServer server(fixture.api, fixture.store());
  RawClient client(server.port);
  client.send("POST /api/v1/secret HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
  CHECK(client.receive() == "HTTP/1.1 100 Continue\r\n\r\n");  // the body is awaited now
  CHECK(!server.stop(1ms));
  CHECK(status_of(client.receive_all()) != 200);
}

}  // namespace disposable
