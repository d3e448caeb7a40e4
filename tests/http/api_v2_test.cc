// Goal: every row of the table of API v2 that answers for a valid request. Method: Api as a function.

#include <doctest/doctest.h>

#include "http/api_v2_fixture.h"

namespace disposable {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view kNow = "2023-11-14T22:13:20.000Z";
constexpr std::string_view kTomorrow = "2023-11-15T22:13:20.000Z";

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes.push_back(static_cast<char>(i));
  }
  return bytes;
}

}  // namespace

TEST_CASE("api v2: bytes come back as they were, once") {
  ApiV2Fixture fixture;
  const Json created = fixture.create(all_bytes());
  CHECK(created.size() == 3);
  CHECK(created["expires_at"] == kTomorrow);
  const Response first = fixture.call(
      {"POST", "/api/v2/secrets/retrieve", R"({"secret_key":")" + created["secret_key"].get<std::string>() + "\"}"});
  CHECK(first.status == 200);
  CHECK(body_of(first) == all_bytes());
  CHECK(header_of(first, "Secret-Views-Left") == "0");
  fixture.vault.clock.advance(1s);
  const Answer again = fixture.retrieve(created["secret_key"]);
  CHECK(again.status == 410);
  CHECK(again.problem() == "retrieved");
  CHECK(again.body["at"] == kNow);
}

TEST_CASE("api v2: a text in JSON has its options in it") {
  ApiV2Fixture fixture;
  const Answer created = fixture.post(
      kSecrets, {{"secret", "gr\xC3\xBC\xC3\x9F"}, {"passphrase", "pass"}, {"ttl_seconds", 60}, {"views", 2}});
  // The body says what it is; without that nobody can tell bytes from JSON.
  CHECK(created.problem() == "unsupported-media-type");
  const Answer typed =
      fixture.send(kSecrets, R"({"secret":"gr\u00fc\u00df","passphrase":"pass","ttl_seconds":60,"views":2})",
                   {{"Content-Type", "application/json"}});
  REQUIRE(typed.status == 201);
  CHECK(typed.body["expires_at"] == "2023-11-14T22:14:20.000Z");
  const Answer first = fixture.retrieve(typed.body["secret_key"], {{"passphrase", "pass"}});
  CHECK(first.body == "gr\xC3\xBC\xC3\x9F");
  CHECK(header_of(first.response, "Secret-Views-Left") == "1");
  CHECK(fixture.retrieve(typed.body["secret_key"], {{"passphrase", "pass"}}).status == 200);
  CHECK(fixture.retrieve(typed.body["secret_key"], {{"passphrase", "pass"}}).status == 410);
}

TEST_CASE("api v2: status says how a secret is and never spends it") {
  ApiV2Fixture fixture;
  const Json created =
      fixture.create("12345", {{"Secret-Views", "2"}, {"Secret-Passphrase", "cGFzcw"}, {"Secret-Proof", kProof}});
  const Json& key = created["secret_key"];
  const Json live = {{"state", "live"}, {"created_at", kNow}, {"expires_at", kTomorrow}, {"views", 2},
                     {"bytes", 5},      {"passphrase", true}, {"proof", true},           {"views_left", 2}};
  for (int i = 0; i < 3; ++i) {
    CHECK(fixture.status(key) == live);
    CHECK(fixture.post("/api/v2/receipts/status", {{"receipt_key", created["receipt_key"]}}).body == live);
  }
  fixture.vault.clock.advance(1s);
  CHECK(fixture.retrieve(key, {{"passphrase", "pass"}, {"proof", kProof}}).status == 200);
  CHECK(fixture.status(key)["state"] == "live");
  CHECK(fixture.status(key)["views_left"] == 1);
  CHECK(fixture.status(key)["changed_at"] == "2023-11-14T22:13:21.000Z");
  CHECK(fixture.retrieve(key, {{"passphrase", "pass"}, {"proof", kProof}}).status == 200);
  CHECK(fixture.status(key)["state"] == "retrieved");
  CHECK(fixture.post("/api/v2/receipts/status", {{"receipt_key", created["receipt_key"]}}).body["state"] ==
        "retrieved");
}

TEST_CASE("api v2: a receipt outlives its secret and says that it has expired") {
  ApiV2Fixture fixture;
  const Json created = fixture.create("x", {{"Secret-TTL", "600"}});
  fixture.vault.clock.advance(600s);
  CHECK(fixture.retrieve(created["secret_key"]).problem() == "not-found");
  const Answer expired = fixture.post("/api/v2/receipts/status", {{"receipt_key", created["receipt_key"]}});
  CHECK(expired.status == 200);
  CHECK(expired.body["state"] == "expired");
}

TEST_CASE("api v2: a secret is deleted by its key or by its receipt, and is gone with a time") {
  ApiV2Fixture fixture;
  for (const bool by_receipt : {false, true}) {
    CAPTURE(by_receipt);
    const Json created = fixture.create("x", {{"Secret-Passphrase", "cGFzcw"}});
    const Answer deleted = by_receipt
                               ? fixture.post("/api/v2/receipts/delete", {{"receipt_key", created["receipt_key"]}})
                               : fixture.remove(created["secret_key"], {{"passphrase", "pass"}});
    CHECK(deleted.status == 200);
    CHECK(deleted.body == Json{{"state", "deleted"}, {"deleted_at", kNow}});
    CHECK(fixture.status(created["secret_key"])["state"] == "deleted");
    for (const Answer& gone : {fixture.retrieve(created["secret_key"], {{"passphrase", "pass"}}),
                               fixture.remove(created["secret_key"], {{"passphrase", "pass"}}),
                               fixture.post("/api/v2/receipts/delete", {{"receipt_key", created["receipt_key"]}})}) {
      CHECK(gone.status == 410);
      CHECK(gone.problem() == "deleted");
      CHECK(gone.body["at"] == kNow);
    }
  }
}

TEST_CASE("api v2: who claims gets the same answer again for a minute, and nobody else does") {
  ApiV2Fixture fixture;
  const Json key = fixture.create("x")["secret_key"];
  CHECK(fixture.retrieve(key, {{"claim", kClaim}}).body == "x");
  const Answer again = fixture.retrieve(key, {{"claim", kClaim}});
  CHECK(again.body == "x");
  CHECK(header_of(again.response, "Secret-Views-Left") == "0");
  CHECK(fixture.retrieve(key, {{"claim", kOtherClaim}}).problem() == "retrieved");
  CHECK(fixture.retrieve(key).problem() == "retrieved");
  fixture.vault.clock.advance(60s);
  CHECK(fixture.retrieve(key, {{"claim", kClaim}}).problem() == "retrieved");
}

TEST_CASE("api v2: the same creation may be sent again, another with its key may not") {
  ApiV2Fixture fixture;
  const std::vector<HeaderField> key = {{"Idempotency-Key", "0123456789abcdef"}};
  const Json created = fixture.create("x", key);
  CHECK(fixture.create("x", key) == created);
  std::vector<HeaderField> with_type = key;
  with_type.push_back(kBytes.front());
  const Answer other = fixture.send(kSecrets, "y", with_type);
  CHECK(other.status == 422);
  CHECK(other.problem() == "idempotency-key-reused");
  CHECK(fixture.retrieve(created["secret_key"]).body == "x");
  CHECK(fixture.send(kSecrets, "x", with_type).problem() == "idempotency-key-reused");
}

TEST_CASE("api v2: an idempotency key is a token's or an address's own") {
  ApiV2Fixture fixture;
  struct Row {
    const char* name;
    std::string_view address;
    std::string_view principal;
    bool same;  // as from 192.0.2.7 without a token
  };
  const Row rows[] = {
      {"another address", "192.0.2.8", "", false},
      {"a token", "192.0.2.7", "0123456789abcdef", false},
      {"a token that is named like the address", "192.0.2.7", "192.0.2.7", false},
      {"a v6 network of the same number", "0:0:c000:0207::1", "", false},
      {"a Unix socket", "unix", "", false},
      {"the same again", "192.0.2.7", "", true},
  };
  const std::vector<HeaderField> headers = {kBytes.front(), {"Idempotency-Key", "0123456789abcdef"}};
  const auto create = [&](std::string_view address, std::string_view principal) {
    Request request{"POST", kSecrets, headers, as_bytes("x"), address};
    request.principal = principal;
    return Json::parse(body_of(fixture.api.handle(request))).at("secret_key").get<std::string>();
  };
  const std::string first = create("192.0.2.7", "");
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK((create(row.address, row.principal) == first) == row.same);
  }
  CHECK(create("2001:db8::1", "") == create("2001:db8::2:3:4:5", ""));
  CHECK(create("2001:db8::1", "") != create("2001:db8:0:1::1", ""));
}

TEST_CASE("api v2: a request is filled once, read by the one who asked, and watched by both") {
  ApiV2Fixture fixture;
  const Answer asked = fixture.send("/api/v2/requests", "");
  REQUIRE(asked.status == 201);
  CHECK(asked.body.size() == 3);
  CHECK(asked.body["expires_at"] == kTomorrow);
  const std::string fill_key = asked.body["fill_key"].get<std::string>();
  const auto state = [&] { return fixture.post("/api/v2/requests/status", {{"fill_key", fill_key}}).body; };
  const std::vector<HeaderField> headers = {kBytes.front(), {"Request-Fill-Key", fill_key}};
  CHECK(state() == Json{{"state", "waiting"}, {"expires_at", kTomorrow}});
  const Answer filled = fixture.send("/api/v2/requests/fill", all_bytes(), headers);
  CHECK(filled.status == 201);
  CHECK(filled.body.size() == 2);
  CHECK(filled.body["expires_at"] == kTomorrow);
  CHECK(state()["state"] == "filled");
  const Answer again = fixture.send("/api/v2/requests/fill", "other", headers);
  CHECK(again.status == 409);
  CHECK(again.problem() == "filled");
  CHECK(fixture.retrieve(fill_key).status == 404);
  CHECK(fixture.retrieve(asked.body["request_key"]).body == all_bytes());
  CHECK(fixture.post("/api/v2/receipts/status", {{"receipt_key", filled.body["receipt_key"]}}).body["state"] ==
        "retrieved");
}

TEST_CASE("api v2: a request is taken back by whoever has both keys") {
  ApiV2Fixture fixture;
  const Json asked = fixture.post("/api/v2/requests", {{"ttl_seconds", 60}}).body;
  const std::string fill_key = asked["fill_key"].get<std::string>();
  const Json both = {{"fill_key", fill_key}, {"request_key", asked["request_key"]}};
  CHECK(fixture.post("/api/v2/requests/delete", {{"fill_key", fill_key}, {"request_key", kUnknownKey}}).problem() ==
        "not-found");
  const Answer deleted = fixture.post("/api/v2/requests/delete", both);
  CHECK(deleted.status == 200);
  CHECK(deleted.body == Json{{"state", "deleted"}, {"deleted_at", kNow}});
  const Answer again = fixture.post("/api/v2/requests/delete", both);
  CHECK(again.status == 410);
  CHECK(again.problem() == "deleted");
  CHECK(fixture.send("/api/v2/requests/fill", "x", {kBytes.front(), {"Request-Fill-Key", fill_key}}).problem() ==
        "deleted");
  CHECK(fixture.post("/api/v2/requests/status", {{"fill_key", fill_key}}).body["state"] == "deleted");
}

TEST_CASE("api v2: a request whose answer was retrieved cannot be taken back, and says when it was") {
  ApiV2Fixture fixture;
  const Json asked = fixture.post("/api/v2/requests", Json::object()).body;
  const std::string fill_key = asked["fill_key"].get<std::string>();
  CHECK(fixture.send("/api/v2/requests/fill", "x", {kBytes.front(), {"Request-Fill-Key", fill_key}}).status == 201);
  CHECK(fixture.retrieve(asked["request_key"]).status == 200);
  const Answer late =
      fixture.post("/api/v2/requests/delete", {{"fill_key", fill_key}, {"request_key", asked["request_key"]}});
  CHECK(late.status == 410);
  CHECK(late.problem() == "retrieved");
  CHECK(late.body["at"] == kNow);
  CHECK(fixture.post("/api/v2/requests/status", {{"fill_key", fill_key}}).body["state"] == "filled");
}

TEST_CASE("api v2: the service says what it allows") {
  const ApiV2Fixture fixture;
  const Response response = fixture.call({"GET", "/api/v2/service"});
  CHECK(response.status == 200);
  CHECK(Json::parse(body_of(response)) == Json{{"name", "Disposable Secrets"},
                                               {"upload_bytes_max", 256},
                                               {"ttl_seconds_max", 2'592'000},
                                               {"ttl_seconds_default", 86'400},
                                               {"views_max", 100},
                                               {"passphrase_bytes_max", 16},
                                               {"creation", "open"},
                                               {"webhooks", false}});
  Request restricted;
  restricted.method = "GET";
  restricted.path = "/api/v2/service";
  restricted.creation = "token";
  CHECK(Json::parse(body_of(fixture.api.handle(restricted)))["creation"] == "token");
}

TEST_CASE("api v2: secrets of API v1 can be watched, retrieved and deleted, and keep their rules") {
  ApiV2Fixture fixture;
  const std::string guarded = fixture.ApiFixture::create(R"({"secret":"x","passphrase":"p"})");
  const Json status = fixture.status(guarded);
  CHECK(status["state"] == "live");
  CHECK(status["views"] == 1);
  CHECK(status["proof"] == false);
  CHECK(fixture.remove(guarded).problem() == "wrong-passphrase");
  CHECK(fixture.retrieve(guarded).body == "x");
  CHECK(fixture.retrieve(guarded).problem() == "retrieved");
}

TEST_CASE("api v2: v1 does not open what has rules that it does not know, and spends nothing") {
  ApiV2Fixture fixture;
  const Json created = fixture.create("x");
  const std::string path = "/api/v1/secret/" + created["secret_key"].get<std::string>();
  const Response retrieved = fixture.call({"GET", path});
  CHECK(retrieved.status == 403);
  CHECK(body_of(retrieved) == detail("The secret was created with API v2"));
  CHECK(fixture.call({"DELETE", path}).status == 403);
  CHECK(fixture.retrieve(created["secret_key"]).body == "x");
}

}  // namespace disposable
