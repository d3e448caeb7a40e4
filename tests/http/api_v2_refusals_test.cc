// Goal: every problem of API v2, from every operation that can have it. Method: Api as a function, over the reference
// store and over one that fails; ApiFixture holds that an operation answers only what its table announces.

#include <doctest/doctest.h>

#include <set>

#include "http/api_v2_fixture.h"
#include "http/failing_store.h"

namespace disposable {

using namespace std::chrono_literals;

namespace {

// The operations that take a key, with it in the place where it belongs.
struct ByKey {
  std::string_view path;
  std::string_view field;
};
constexpr ByKey kByKey[] = {
    {"/api/v2/secrets/retrieve", "secret_key"}, {"/api/v2/secrets/status", "secret_key"},
    {"/api/v2/secrets/delete", "secret_key"},   {"/api/v2/receipts/status", "receipt_key"},
    {"/api/v2/receipts/delete", "receipt_key"}, {"/api/v2/requests/status", "fill_key"},
};

std::vector<HeaderField> bytes_with(std::string_view name, std::string_view value) {
  return {kBytes.front(), {name, value}};
}

}  // namespace

TEST_CASE("api v2: an unknown path is not-found, a wrong method is refused with the right one") {
  ApiV2Fixture fixture;
  for (const std::string_view path : {"/api/v2", "/api/v2/", "/api/v2/secret", "/api/v2/secrets/", "/api/v2/secrets/x",
                                      "/api/v2/secrets/retrieve/", "/api/v2/service/x", "/api/v2/%73ecrets"}) {
    const Answer answer = fixture.send(path, "{}");
    CHECK(answer.status == 404);
    CHECK(answer.problem() == "not-found");
  }
  for (const Api::Operation& operation : Api::operations()) {
    if (error_form(operation.pattern) != ErrorForm::kProblem) {
      continue;
    }
    for (const std::string_view method : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "post"}) {
      if (method == operation.method) {
        continue;
      }
      const Response response = fixture.call({method, operation.pattern});
      CHECK(response.status == 405);
      CHECK(header_of(response, "Allow") == operation.method);
      CHECK(Json::parse(body_of(response))["type"] == "urn:disposable-secrets:problem:method-not-allowed");
    }
  }
}

TEST_CASE("api v2: unknown and malformed keys are answered alike") {
  ApiV2Fixture fixture;
  const std::string keys[] = {
      std::string(kUnknownKey),          "", "x", std::string(2000, 'k'), std::string(64, 'A'), std::string(64, '='),
      "550e8400e29b41d4a716446655440000"};
  for (const ByKey& operation : kByKey) {
    for (const std::string& key : keys) {
      CAPTURE(std::string(operation.path));
      CAPTURE(key);
      const Answer answer = fixture.post(operation.path, {{operation.field, key}});
      CHECK(answer.status == 404);
      CHECK(answer.problem() == "not-found");
    }
  }
  for (const std::string& key : keys) {
    CHECK(fixture.send("/api/v2/requests/fill", "x", bytes_with("Request-Fill-Key", key)).problem() == "not-found");
    CHECK(fixture.post("/api/v2/requests/delete", {{"fill_key", key}, {"request_key", kUnknownKey}}).problem() ==
          "not-found");
  }
  CHECK(fixture.vault.history().empty());
}

TEST_CASE("api v2: what is not valid is told all at once, and nothing of it is repeated") {
  ApiV2Fixture fixture;
  const struct {
    std::string_view path;
    std::string_view body;
    std::vector<HeaderField> headers;
    std::size_t errors;
  } rows[] = {
      {kSecrets, "", kBytes, 1},
      {kSecrets, "confidential", {kBytes.front(), {"Secret-TTL", "confidential"}, {"Secret-Proof", "confidential"}}, 2},
      {kSecrets, R"({"secret":"","views":"confidential"})", {{"Content-Type", "application/json"}}, 2},
      {kSecrets, R"({"secret":"confidential")", {{"Content-Type", "application/json"}}, 1},
      {"/api/v2/secrets/retrieve", R"({"proof":"confidential","claim":"confidential"})", {}, 3},
      {"/api/v2/secrets/delete", R"({"passphrase":["confidential"]})", {}, 2},
      {"/api/v2/secrets/status", "[]", {}, 1},
      {"/api/v2/receipts/status", "", {}, 1},
      {"/api/v2/receipts/delete", "null", {}, 1},
      {"/api/v2/requests", R"({"ttl_seconds":"confidential"})", {}, 1},
      {"/api/v2/requests/status", "confidential", {}, 1},
      {"/api/v2/requests/fill", "", kBytes, 2},
      {"/api/v2/requests/delete", "{}", {}, 2},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.path));
    CAPTURE(std::string(row.body));
    const Answer answer = fixture.send(row.path, row.body, row.headers);
    CHECK(answer.status == 422);
    CHECK(answer.problem() == "invalid-body");
    CHECK(answer.body["errors"].size() == row.errors);
    CHECK(answer.body.dump().find("confidential") == std::string::npos);
  }
  CHECK(fixture.vault.history().empty());
}

TEST_CASE("api v2: a body is of the type that the operation takes, and says so where there are two") {
  ApiV2Fixture fixture;
  const struct {
    std::string_view path;
    std::vector<std::string_view> taken;
    bool untyped;
  } rows[] = {
      {kSecrets, {"application/octet-stream", "application/json; charset=utf-8", "Application/Octet-Stream"}, false},
      {"/api/v2/requests/fill", {"application/octet-stream"}, false},
      {"/api/v2/secrets/retrieve", {"application/json"}, true},
      {"/api/v2/requests", {"application/json"}, true},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.path));
    for (const std::string_view type : row.taken) {
      CHECK(fixture.send(row.path, "{}", {{"Content-Type", type}}).status != 415);
      const Answer packed = fixture.send(row.path, "{}", {{"Content-Type", type}, {"Content-Encoding", "gzip"}});
      CHECK(packed.problem() == "unsupported-media-type");
    }
    CHECK((fixture.send(row.path, "{}").status == 415) != row.untyped);
    for (const std::string_view type : {"text/plain", "application/x-www-form-urlencoded", "", "application/octet"}) {
      CHECK(fixture.send(row.path, "{}", {{"Content-Type", type}}).problem() == "unsupported-media-type");
    }
  }
}

TEST_CASE("api v2: bodies are bounded for each operation and type") {
  ApiV2Fixture fixture;  // secrets of 64 bytes, uploads of 256, passphrases of 16
  constexpr std::size_t kSmall = 6 * 16 + 4 * 1024;
  const struct {
    std::string_view path;
    std::vector<HeaderField> headers;
    std::size_t bytes_max;
    int status_at_max;
  } rows[] = {
      {kSecrets, kBytes, 256, 201},
      {kSecrets, {{"Content-Type", "application/json"}}, 6 * (64 + 16) + 16 * 1024, 422},
      {"/api/v2/requests/fill", bytes_with("Request-Fill-Key", kUnknownKey), 256, 404},
      {"/api/v2/requests", {}, kSmall, 422},
      {"/api/v2/secrets/retrieve", {}, kSmall, 422},
      {"/api/v2/receipts/delete", {}, kSmall, 422},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.path));
    const std::string spaces(row.bytes_max + 1, ' ');
    CHECK(fixture.send(row.path, std::string_view(spaces).substr(1), row.headers).status == row.status_at_max);
    CHECK(fixture.send(row.path, spaces, row.headers).problem() == "too-large");
  }
}

TEST_CASE("api v2: a prefetch retrieves nothing, with the right key and proof either") {
  ApiV2Fixture fixture;
  const std::string key = fixture.create("x")["secret_key"].get<std::string>();
  const std::string body = R"({"secret_key":")" + key + "\"}";
  for (const HeaderField& mark : {HeaderField{"Sec-Purpose", "prefetch;prerender"}, HeaderField{"Purpose", "prefetch"},
                                  HeaderField{"X-Purpose", "preview"}, HeaderField{"X-Moz", "prefetch"}}) {
    const Answer answer = fixture.send("/api/v2/secrets/retrieve", body, {mark});
    CHECK(answer.status == 403);
    CHECK(answer.problem() == "prefetch");
    CHECK(fixture.send("/api/v2/secrets/status", body, {mark}).status == 200);
  }
  CHECK(fixture.retrieve(key).body == "x");
}

TEST_CASE("api v2: a wrong proof or passphrase spends nothing, and the fifth locks") {
  ApiV2Fixture fixture;
  const Json created = fixture.create("x", {{"Secret-Passphrase", "cGFzcw"}, {"Secret-Proof", kProof}});
  const Json& key = created["secret_key"];
  const Json right = {{"passphrase", "pass"}, {"proof", kProof}};
  CHECK(fixture.retrieve(key, {{"passphrase", "pass"}}).problem() == "wrong-proof");
  CHECK(fixture.retrieve(key, {{"passphrase", "pass"}, {"proof", kOtherProof}}).problem() == "wrong-proof");
  CHECK(fixture.retrieve(key, {{"proof", kProof}}).problem() == "wrong-passphrase");
  CHECK(fixture.remove(key, {{"passphrase", "word"}, {"proof", kProof}}).problem() == "wrong-passphrase");
  CHECK(fixture.status(key).contains("locked_until") == false);
  const Answer fifth = fixture.remove(key, {{"passphrase", "pass"}});
  CHECK(fifth.status == 403);
  CHECK(fifth.problem() == "wrong-proof");
  for (const Answer& locked : {fixture.retrieve(key, right), fixture.remove(key, right)}) {
    CHECK(locked.status == 429);
    CHECK(locked.problem() == "locked");
    CHECK(header_of(locked.response, "Retry-After") == "900");
  }
  CHECK(fixture.status(key)["locked_until"] == "2023-11-14T22:28:20.000Z");
  fixture.vault.clock.advance(15min);
  CHECK(fixture.retrieve(key, right).body == "x");
}

TEST_CASE("api v2: a failure of the store is answered by its kind, and its words stay in the log") {
  const struct {
    Errc code;
    std::string_view name;
  } rows[] = {
      {Errc::kUnavailable, "unavailable"},
      {Errc::kCorrupt, "unavailable"},
      {Errc::kStorageFull, "storage-full"},
      {Errc::kInternal, "internal"},
  };
  const std::string receipt = ApiV2Fixture().create("x")["receipt_key"].get<std::string>();  // of the same keyring
  for (const auto& row : rows) {
    VaultFixture parts;
    FailingStore store;
    store.error = Error{row.code, "disk /dev/sda1 is on fire", 7s};
    Vault vault{Vault::Parts{store, parts.keyring, parts.clock, parts.random, parts.lane, Argon2Cost{1, 8192}}};
    const Api api{Api::Parts{vault, [] { return Readiness{}; }}};
    std::vector<std::pair<std::string_view, Response>> answers;
    answers.emplace_back(kSecrets, call_api(api, {"POST", kSecrets, "x", kBytes}));
    answers.emplace_back("requests", call_api(api, {"POST", "/api/v2/requests"}));
    for (const ByKey& operation : kByKey) {
      const std::string key = operation.field == "receipt_key" ? receipt : std::string(kUnknownKey);
      const std::string body = Json{{operation.field, key}}.dump();
      if (row.code != Errc::kStorageFull) {  // only an insert can be refused for that
        answers.emplace_back(operation.path, call_api(api, {"POST", operation.path, body}));
      }
    }
    for (const auto& [path, response] : answers) {
      CAPTURE(std::string(path));
      CHECK(Json::parse(body_of(response))["type"] == std::string(kProblemTypePrefix).append(row.name));
      CHECK(response.log_detail == "disk /dev/sda1 is on fire");
      CHECK(header_of(response, "Retry-After") == (row.code == Errc::kInternal ? "(none)" : "7"));
    }
  }
}

}  // namespace disposable
