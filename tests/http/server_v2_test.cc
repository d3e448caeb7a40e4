// Goal: whoever in the connection layer refuses a request of API v2, it is told as a problem. Method: a whole server on
// loopback.

#include <doctest/doctest.h>

#include "http/api_v2_fixture.h"
#include "http/raw_client.h"
#include "http/slow_store.h"

namespace disposable {

using namespace std::chrono_literals;

namespace {

Json problem_in(const std::string& answer) {
  CHECK(answer.find("\r\nContent-Type: application/problem+json\r\n") != std::string::npos);
  return Json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
}

std::string begun(std::string_view length) {
  return "POST /api/v2/secrets HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nContent-Length: " +
         std::string(length) + "\r\n\r\n";
}

}  // namespace

TEST_CASE("server v2: when a ticket fails nothing is revealed") {
  SlowFixture fixture;
  RunningServer server(fixture.api, fixture.store);
  RawClient client(server.port);
  client.send(begun("6") + "canary");
  const std::string created = client.receive();
  REQUIRE(status_of(created) == 201);
  const Json key = Json::parse(created.substr(created.find("\r\n\r\n") + 4))["secret_key"];
  fixture.store.failing = true;
  client.send(request("POST", "/api/v2/secrets/retrieve", Json{{"secret_key", key}}.dump()));
  const std::string answer = client.receive();
  CHECK(problem_in(answer)["type"] == "urn:disposable-secrets:problem:unavailable");
  CHECK(answer.find("\r\nRetry-After: ") != std::string::npos);
  CHECK(answer.find("canary") == std::string::npos);
}

TEST_CASE("server v2: a body that comes too slowly, or stalls with memory that others need, is told so as a problem") {
  SlowFixture fixture;
  Limits limits;
  limits.body_max = 50ms;
  RunningServer slow(fixture.api, fixture.store, {.workers = 1, .settings = {limits, {}}});
  RawClient half(slow.port);
  half.send(begun("9") + "x");
  const std::string timeout = half.receive();
  CHECK(problem_in(timeout) == Json{{"type", "about:blank"}, {"title", "Request Timeout"}, {"status", 408}});
  slow.stop(5s);

  limits = {};
  limits.buffer_bytes_max = 64UL * 1024;
  RunningServer crowded(fixture.api, fixture.store, {.workers = 1, .settings = {limits, {}}});
  RawClient stalled(crowded.port);
  stalled.send(begun("200000") + std::string(100'000, ' '));
  CHECK(problem_in(stalled.receive())["status"] == 503);
}

}  // namespace disposable
