// Goal: whose secrets may name a webhook is the operator's word; who may not stores nothing, and who may is told what
// its receiver must know. Method: the Api as a function, under each rule, with and without a token.

#include "http/webhooks.h"

#include <doctest/doctest.h>

#include "core/webhook_url.h"
#include "http/api_v2_fixture.h"

namespace disposable {

namespace {

constexpr std::string_view kUrl = "https://example.org/hooks/8Jq?confidential=yes";

struct WebhooksFixture : ApiFixture {
  explicit WebhooksFixture(WebhookRule rule) : api(parts(rule)) {}

  Api::Parts parts(WebhookRule rule) {
    Api::Parts parts{vault.vault, [this] { return readiness; }, limits};
    parts.webhooks = rule;
    parts.webhook_callable = [](std::string_view url) { return url.find("nowhere") == std::string_view::npos; };
    return parts;
  }
  // The three ways to name one.
  Answer send(int way, std::string_view principal, std::string_view url = kUrl) {
    const std::string as_json = Json{{"secret", "x"}, {"webhook", url}}.dump();
    Request request{"POST", kSecrets, {}, as_bytes("x"), "192.0.2.7"};
    request.headers = {kBytes.front(), {"Secret-Webhook", url}};
    if (way > 0) {
      request.headers = {{"Content-Type", "application/json"}};
      request.body = as_bytes(as_json);
      request.path = way == 1 ? kSecrets : "/api/v2/requests";
    }
    request.principal = principal;
    Response response = api.handle(request);
    Json body = Json::parse(body_of(response));
    const int status = response.status;
    return {status, std::move(body), std::move(response)};
  }

  Api api;
};

}  // namespace

TEST_CASE("webhooks: every word has its rule, and no other word") {
  CHECK(webhook_rule("nobody") == WebhookRule::kNobody);
  CHECK(webhook_rule("tokens") == WebhookRule::kTokens);
  CHECK(webhook_rule("everybody") == WebhookRule::kEverybody);
  for (const std::string_view word : {"", "token", "Nobody", "nobody "}) {
    CHECK_FALSE(webhook_rule(word));
  }
}

TEST_CASE("webhooks: who may not name one is refused, and nothing is stored; without one he creates as ever") {
  const struct {
    WebhookRule rule;
    std::string_view principal;
    bool may;
  } rows[] = {
      {WebhookRule::kNobody, "", false},   {WebhookRule::kNobody, "token-1", false},
      {WebhookRule::kTokens, "", false},   {WebhookRule::kTokens, "token-1", true},
      {WebhookRule::kEverybody, "", true}, {WebhookRule::kEverybody, "token-1", true},
  };
  for (const auto& row : rows) {
    for (const int way : {0, 1, 2}) {
      CAPTURE(static_cast<int>(row.rule));
      CAPTURE(way);
      WebhooksFixture fixture(row.rule);
      const Answer answer = fixture.send(way, row.principal);
      CHECK(answer.status == (row.may ? 201 : 403));
      CHECK(fixture.vault.history().size() == (row.may ? 1 : 0));
      if (!row.may) {
        CHECK(answer.problem() == "webhook-refused");
      }
      CHECK(answer.body.dump().find("confidential") == std::string::npos);
      CHECK(fixture.send(way, row.principal, "").status == 201);
      CHECK(fixture.send(way, row.principal, "https://confidential@a.b/").problem() == "invalid-body");
    }
  }
}

TEST_CASE("webhooks: one that can never be called is refused, in its place, and nothing is stored") {
  for (const int way : {0, 1, 2}) {
    CAPTURE(way);
    WebhooksFixture fixture(WebhookRule::kEverybody);
    const Answer answer = fixture.send(way, "", "https://nowhere.example.org/confidential");
    CHECK(answer.problem() == "invalid-body");
    const Json& error = answer.body.at("errors").at(0);
    CHECK(error.at("type") == "value_error");
    CHECK(error.at("loc") == (way == 0 ? Json{"header", "Secret-Webhook"} : Json{"body", "webhook"}));
    CHECK(answer.body.dump().find("confidential") == std::string::npos);
    CHECK(fixture.vault.history().empty());
    WebhooksFixture nobody(WebhookRule::kNobody);
    CHECK(nobody.send(way, "", "https://nowhere.example.org/").problem() == "webhook-refused");
  }
}

TEST_CASE("webhooks: the creator is told key and fingerprint, those under which the events are sent") {
  for (const int way : {0, 1, 2}) {
    CAPTURE(way);
    WebhooksFixture fixture(WebhookRule::kEverybody);
    const Json told = fixture.send(way, "").body;
    CHECK_FALSE(fixture.send(way, "", "").body.contains("webhook_key"));
    const bool asked = way == 2;
    if (asked) {
      const std::string fill_key = told.at("fill_key");
      const Request fill{"POST",
                         "/api/v2/requests/fill",
                         {kBytes.front(), {"Request-Fill-Key", fill_key}},
                         as_bytes("an answer"),
                         "192.0.2.8"};
      const Json filled = Json::parse(body_of(fixture.api.handle(fill)));
      CHECK(filled.size() == 2);
      CHECK(filled.contains("receipt_key"));
    }
    const std::string key = told.at(asked ? "request_key" : "secret_key");
    CHECK(fixture.vault.vault.retrieve(*SecretKey::parse(key), Access{}, {}, {}).outcome.has_value());
    const Event event = fixture.store().pending(0, 100).value().back().event;
    REQUIRE(event.action == Action::kRetrieved);
    CHECK(as_text(open_webhook(fixture.vault.keyring, event.fingerprint, event.webhook)->expose()) == kUrl);
    CHECK(told.at("fingerprint") == format_uuid(event.fingerprint.bytes));
    CHECK(told.at("webhook_key") ==
          as_text(webhook_key_text(webhook_signing_key(fixture.vault.keyring, event.fingerprint)).expose()));
  }
}

TEST_CASE("webhooks: the service says whether there are any") {
  for (const auto rule : {WebhookRule::kNobody, WebhookRule::kTokens, WebhookRule::kEverybody}) {
    WebhooksFixture fixture(rule);
    const Response response = fixture.api.handle({"GET", "/api/v2/service", {}, {}, {}});
    CHECK(Json::parse(body_of(response)).at("webhooks") == (rule != WebhookRule::kNobody));
  }
}

}  // namespace disposable
