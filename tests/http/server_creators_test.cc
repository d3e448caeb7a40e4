// Goal: over real connections, who may not create is told so before his body is read, and a token has its own limits,
// from wherever it comes.

#include <doctest/doctest.h>

#include "http/creators_fixture.h"
#include "http/raw_client.h"

namespace disposable {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view kCreate = "/api/v1/secret";
constexpr std::string_view kBody = R"({"secret":"x"})";

struct Fixture {
  explicit Fixture(Creators creators, const Limits& limits = {})
      : settings{limits, {}, std::move(creators)}, server(api.api, api.store(), {.workers = 2, .settings = settings}) {}

  std::string ask(std::string_view method, std::string_view path, std::string_view body, std::string_view fields) {
    RawClient client(server.port);
    client.send(request(method, path, body, fields));
    return client.receive();
  }
  int create(std::string_view fields, std::string_view body = kBody) {
    return status_of(ask("POST", kCreate, body, fields));
  }

  ApiFixture api;
  FrontSettings settings;
  RunningServer server;
};

}  // namespace

TEST_CASE("server creators: a refusal comes before the body, and says what would help") {
  const TestToken token(1);
  struct Row {
    Creators creators;
    std::string fields;
    std::string answer;
    std::string challenge;
  };
  const std::string unauthorized = R"({"detail":"A valid token is required to create"})";
  const std::string forbidden = R"({"detail":"Creating is not allowed from this address"})";
  const std::vector<Row> rows = {
      {creators_of({"token"}), "", unauthorized, "\r\nWWW-Authenticate: Bearer\r\n"},
      {creators_of({"open"}), token.line(), unauthorized, "\r\nWWW-Authenticate: Bearer\r\n"},
      {creators_of({"10.0.0.0/8"}), "", forbidden, ""},
      {creators_of({"10.0.0.0/8"}, {token.stored}), token.line(), forbidden, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.fields);
    Fixture fixture(row.creators);
    RawClient client(fixture.server.port);
    client.send("POST /api/v1/secret HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n" +
                row.fields + "\r\n");
    const std::string answer = client.receive();
    CHECK(status_of(answer) == (row.answer == forbidden ? 403 : 401));
    CHECK(answer.ends_with("\r\n\r\n" + row.answer));
    CHECK(answer.find("\r\nCache-Control: no-cache, no-store, must-revalidate\r\n") != std::string::npos);
    CHECK((answer.find("WWW-Authenticate") != std::string::npos) == !row.challenge.empty());
    CHECK(answer.find(row.challenge) != std::string::npos);
    CHECK(fixture.api.vault.history().empty());
  }
}

TEST_CASE("server creators: reading, deleting and pages ask for no token, and look at none") {
  const TestToken token(1);
  Fixture fixture(creators_of({"token"}, {token.stored}));
  const auto path_of = [&fixture, &token] {
    const std::string created = fixture.ask("POST", kCreate, kBody, token.line());
    REQUIRE(status_of(created) == 200);
    return std::string(kCreate) + "/" + created.substr(created.find("\r\n\r\n") + 4 + 15, SecretKey::kTextSize);
  };
  const std::string wrong = TestToken(2).line();
  CHECK(status_of(fixture.ask("GET", path_of(), "", "")) == 200);
  CHECK(status_of(fixture.ask("GET", path_of(), "", wrong)) == 200);
  CHECK(status_of(fixture.ask("DELETE", path_of(), "", wrong)) == 200);
  CHECK(status_of(fixture.ask("GET", "/", "", wrong)) == 200);
  CHECK(status_of(fixture.ask("GET", "/metrics", "", wrong)) == 200);
  CHECK(status_of(fixture.ask("PUT", kCreate, "", "")) == 405);
  CHECK(fixture.create("Content-Type: text/plain\r\n") == 415);
}

TEST_CASE("server creators: a token has its own limits, on loopback too, and the address's do not count") {
  TestToken few(1);
  TestToken many(2);
  TestToken bytes(3);
  few.stored.creates_per_minute = 2;
  bytes.stored.bytes_per_day = kBody.size() + kBody.size() / 2;
  Limits limits;
  limits.creates = {1, 1};
  Fixture fixture(creators_of({"open"}, {few.stored, many.stored, bytes.stored}), limits);
  CHECK(fixture.settings.trusted_proxies.add("127.0.0.0/8"));
  fixture.server.configure(fixture.settings);
  CHECK(status_of(fixture.ask("GET", "/healthz", "", "")) == 200);  // after it, the loop has seen the settings
  const std::string stranger = "X-Forwarded-For: 203.0.113.7\r\n";
  CHECK(fixture.create(stranger + few.line()) == 200);
  CHECK(fixture.create(few.line()) == 200);
  const std::string refusal = fixture.ask("POST", kCreate, kBody, few.line());
  CHECK(status_of(refusal) == 429);
  CHECK(refusal.find("\r\nRetry-After: ") != std::string::npos);
  for (int i = 0; i < 5; ++i) {
    CHECK(fixture.create(stranger + many.line()) == 200);
  }
  CHECK(fixture.create(stranger) == 200);
  CHECK(fixture.create(stranger) == 429);
  for (int i = 0; i < 5; ++i) {  // what was not stored is given back
    CHECK(fixture.create(bytes.line(), std::string(kBody.size(), 'x')) == 422);
  }
  CHECK(fixture.create(bytes.line()) == 200);
  CHECK(fixture.create(bytes.line()) == 429);
  fixture.server.stop(5s);
  const ParsedMetrics metrics = fixture.server.metrics();
  CHECK(metrics.value(R"(disposable_secrets_limit_hits_total{limit="token_creates"})") == 1);
  CHECK(metrics.value(R"(disposable_secrets_limit_hits_total{limit="token_bytes"})") == 1);
  CHECK(metrics.value(R"(disposable_secrets_limit_hits_total{limit="creates"})") == 1);
}

TEST_CASE("server creators: a request counts for its token as what others may put into it, or as the whole day") {
  TestToken two(1);
  TestToken little(2);
  two.stored.bytes_per_day = 600;
  little.stored.bytes_per_day = 100;
  Fixture fixture(creators_of({"token"}, {two.stored, little.stored}));  // of at most 256 bytes each
  const auto ask_for_a_secret = [&fixture](const TestToken& token, std::string_view body) {
    return status_of(
        fixture.ask("POST", "/api/v2/requests", body, token.line() + "Content-Type: application/json\r\n"));
  };
  for (int i = 0; i < 3; ++i) {  // what was not made is given back
    CHECK(ask_for_a_secret(two, R"({"ttl_seconds":0})") == 422);
  }
  CHECK(ask_for_a_secret(two, "{}") == 201);
  CHECK(ask_for_a_secret(two, "{}") == 201);
  CHECK(ask_for_a_secret(two, "{}") == 429);
  CHECK(fixture.create(two.line()) == 200);  // there is room for so much
  CHECK(ask_for_a_secret(little, "{}") == 201);
  CHECK(ask_for_a_secret(little, "{}") == 429);
  CHECK(fixture.create(little.line()) == 429);
}

TEST_CASE("server creators: who may not create any more when his body is complete has created nothing") {
  const TestToken token(1);
  const std::string head = "Expect: 100-continue\r\nContent-Type: application/json\r\n";
  struct Row {
    std::string fields;
    Creators before;
    Creators after;
    int status;
  };
  const std::vector<Row> rows = {
      {token.line(), creators_of({"token"}, {token.stored}), creators_of({"token"}), 401},
      {token.line(), creators_of({"open"}, {token.stored}), creators_of({"open"}), 401},
      {"", creators_of({"open"}), creators_of({"10.0.0.0/8"}), 403},
      {token.line(), creators_of({"token"}, {token.stored}), creators_of({"open"}, {token.stored}), 200},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    Fixture fixture(row.before);
    RawClient client(fixture.server.port);
    const std::string whole = request("POST", kCreate, kBody, head + row.fields);
    client.send(whole.substr(0, whole.size() - 2));
    CHECK(status_of(client.receive()) == 100);
    fixture.settings.creators = row.after;
    fixture.server.configure(fixture.settings);
    CHECK(status_of(fixture.ask("GET", "/healthz", "", "")) == 200);  // the loop has turned since, and knows them
    client.send(whole.substr(whole.size() - 2));
    CHECK(status_of(client.receive()) == row.status);
    CHECK(fixture.api.vault.history().size() == (row.status == 200 ? 1 : 0));
    client.send(request("GET", "/healthz"));
    CHECK(status_of(client.receive()) == 200);
  }
}

TEST_CASE("server creators: a repetition is answered without room for its bytes, and takes none") {
  TestToken token(1);
  token.stored.bytes_per_day = 300;
  token.stored.creates_per_minute = 10;
  Fixture fixture(creators_of({"token"}, {token.stored}));
  const auto create = [&](std::string_view key, std::size_t size) {
    const std::string fields =
        "Content-Type: application/octet-stream\r\nIdempotency-Key: 0123456789abcde" + std::string(key) + "\r\n";
    return fixture.ask("POST", "/api/v2/secrets", std::string(size, 'x'), token.line() + fields);
  };
  const auto keys = [](const std::string& answer) { return answer.substr(answer.find("\r\n\r\n")); };
  const std::string first = create("a", 100);
  CHECK(status_of(first) == 201);
  for (int i = 0; i < 3; ++i) {  // there is room for two of three
    CHECK(keys(create("a", 100)) == keys(first));
  }
  CHECK(status_of(create("b", 200)) == 201);
  CHECK(keys(create("a", 100)) == keys(first));
  CHECK(status_of(create("b", 200)) == 201);
  CHECK(status_of(create("a", 101)) == 422);
  const std::string refused = create("c", 100);
  CHECK(status_of(refused) == 429);
  CHECK(std::stoi(refused.substr(refused.find("Retry-After: ") + 13)) > 10'000);
  CHECK(fixture.api.vault.history().size() == 2);
  CHECK(status_of(create("a", 100)) == 201);
  CHECK(status_of(create("a", 100)) == 429);  // it is the eleventh in a minute
}

TEST_CASE("server creators: other tokens and rules hold for connections that exist") {
  const TestToken token(1);
  Fixture fixture(creators_of({"token"}, {token.stored}));
  RawClient client(fixture.server.port);
  const auto status = [&client](const std::string& bytes) {
    client.send(bytes);
    return status_of(client.receive());
  };
  CHECK(status(request("POST", kCreate, kBody, token.line())) == 200);
  fixture.settings.creators = creators_of({"open"});
  fixture.server.configure(fixture.settings);
  CHECK(status(request("GET", "/healthz")) == 200);
  CHECK(status(request("POST", kCreate, kBody)) == 200);
  CHECK(status(request("POST", kCreate, kBody, token.line())) == 401);
}

}  // namespace disposable
