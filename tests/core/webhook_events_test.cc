// Goal: a secret's webhook is told what happens to it: each thing once, nothing that anybody could cause any number of,
// and under the name and key that its creator knows. Method: a table of the pure lifecycle; then the vault, whose
// outbox is read as a receiver would be told.

#include <doctest/doctest.h>

#include <functional>

#include "core/shared_fixture.h"

namespace disposable {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

namespace {

constexpr std::string_view kUrl = "https://example.org/hooks/8Jq?token=a%2Fb";

struct WebhookFixture : SharedFixture {
  static SecretBytes url(std::string_view text = kUrl) { return SecretBytes::copy_of(as_bytes(text)); }
  static NewSharedSecret with_webhook(NewSharedSecret secret, std::string_view text = kUrl) {
    secret.webhook = url(text);
    return secret;
  }
  NewRequest ask(std::string_view text = kUrl) {
    Held<NewRequest> held = vault.create_request(1h, "192.0.2.1", url(text));
    check(held.outcome.has_value(), "the fixture asks");
    return std::move(*held.outcome);
  }
  std::string fill(const SecretKey& fill_key) {
    const Held<Created> held = vault.fill(fill_key, url("a secret"), "192.0.2.4");
    return held.outcome ? "filled" : name(held.outcome.error().code);
  }
  // "retrieved {...}" of each event that is told to the URL of its secret, under the name that the creator knows.
  Lines told(const std::optional<WebhookIdentity>& identity) {
    Lines lines;
    const std::vector<OutboxEntry> entries = store.pending(0, 10'000).value();
    for (const OutboxEntry& entry : entries) {
      const Event& event = entry.event;
      if (event.webhook.empty()) {
        continue;
      }
      const Result<SecretBytes> opened = open_webhook(keyring, event.fingerprint, event.webhook);
      const bool known =
          identity && opened && as_text(opened->expose()) == kUrl && event.fingerprint == identity->fingerprint &&
          equal_constant_time(webhook_signing_key(keyring, event.fingerprint).expose(), identity->signing_key.expose());
      lines.push_back(std::string(action_name(event.action)) + " " + (known ? event.extra_data : "to somebody else"));
    }
    return lines;
  }
};

Record live_record(const Bytes& webhook) {
  Record record;
  record.format = RecordFormat::kApiV2;
  record.created_at = WallTime(1'000'000s);
  record.expires_at = record.created_at + 1h;
  record.views = 3;
  record.views_left = 3;
  record.webhook = webhook;
  return record;
}

}  // namespace

TEST_CASE("webhook events: the lifecycle tells what happens to a secret, and neither refusals nor repetitions") {
  struct Row {
    const char* name;
    std::function<Transition(const Record&)> happens;
    std::vector<bool> told;
    bool kept;  // the webhook, for what comes later
  };
  const Origin by{"192.0.2.1", {}, {}};
  const WallTime now = WallTime(1'000'000s) + 10s;
  const auto after = [](Record record, const std::function<void(Record&)>& change) {
    change(record);
    return record;
  };
  const auto last_view = [&](const Record& record) { return after(record, [](Record& r) { r.views_left = 1; }); };
  const auto wrong_four = [&](const Record& record) {
    return after(record, [](Record& r) { r.wrong_passphrases = 4; });
  };
  const Row rows[] = {
      {"created",
       [&](const Record& r) {
         return Transition{r, {created_event(r, by)}};
       },
       {false},
       true},
      {"filled",
       [&](const Record& r) {
         return Transition{r, {filled_event(r, by)}};
       },
       {true},
       true},
      {"a view", [&](const Record& r) { return mark_retrieved(r, now, by); }, {true}, true},
      {"a view with a claim", [&](const Record& r) { return mark_retrieved(r, now, by, OpenClaim{}); }, {true}, true},
      {"the last view", [&](const Record& r) { return mark_retrieved(last_view(r), now, by); }, {true}, false},
      {"a repetition", [&](const Record& r) { return mark_repeated(r, OpenClaim{}, now, by); }, {false}, true},
      {"deleted", [&](const Record& r) { return mark_deleted(r, now, by); }, {true}, false},
      {"handed out", [&](const Record& r) { return mark_handed_out(r, now, by); }, {true}, false},
      {"lost", [&](const Record& r) { return mark_lost(r, now, by); }, {true}, false},
      {"expired", [&](const Record& r) { return mark_expired(r, r.expires_at, by); }, {true}, false},
      {"denied", [&](const Record& r) { return mark_denied(r, now, by); }, {false}, true},
      {"denied a proof", [&](const Record& r) { return mark_denied(r, now, by, Denial::kProof); }, {false}, true},
      {"locked", [&](const Record& r) { return mark_denied(wrong_four(r), now, by); }, {false, true}, true},
  };
  const Bytes sealed{1, 2, 3};
  for (const Row& row : rows) {
    for (const Bytes& webhook : {sealed, Bytes{}}) {
      CAPTURE(row.name);
      CAPTURE(webhook.size());
      const Transition transition = row.happens(live_record(webhook));
      REQUIRE(transition.events.size() == row.told.size());
      for (std::size_t i = 0; i < row.told.size(); ++i) {
        CHECK(transition.events[i].webhook == (row.told[i] ? webhook : Bytes{}));
      }
      CHECK(transition.next.webhook == (row.kept ? webhook : Bytes{}));
    }
  }
}

TEST_CASE("webhook events: every view is told once, the last one too, and then nothing any more") {
  WebhookFixture fixture;
  const Created created = fixture.share(WebhookFixture::with_webhook(SharedFixture::fresh("hunter2", 2)));
  CHECK(fixture.read(created.key, SharedFixture::kClaim) == "hunter2, 1 left");
  CHECK(fixture.read(created.key, SharedFixture::kClaim) == "hunter2, 1 left");
  CHECK(fixture.read(created.key) == "hunter2, 0 left");
  CHECK(fixture.read(created.key) == "spent");
  CHECK(fixture.erase(created.key) == "spent");
  CHECK(fixture.record(created.key).webhook.empty());
  CHECK(fixture.told(created.webhook) == Lines{R"(retrieved {"views_left":1})", R"(retrieved {"views_left":0})"});
}

TEST_CASE("webhook events: a lock is told, the wrong passphrases before it are not; then a deletion") {
  WebhookFixture fixture;
  const Created created = fixture.share(WebhookFixture::with_webhook(SharedFixture::fresh("hunter2", 1, "pass123")));
  for (int i = 0; i < 6; ++i) {
    CHECK(fixture.read(created.key, {}, "wrong") == (i < 5 ? "denied" : "locked"));
  }
  fixture.clock.advance(15min);
  CHECK(fixture.erase(created.key, "pass123") == "deleted");
  CHECK(fixture.told(created.webhook) == Lines{R"(locked {"attempts":5,"seconds":900})", "deleted {}"});
}

TEST_CASE("webhook events: expiry is told once, whether the sweeper or a reader finds it") {
  for (const bool swept : {false, true}) {
    CAPTURE(swept);
    WebhookFixture fixture;
    const Created created = fixture.share(WebhookFixture::with_webhook(SharedFixture::fresh("hunter2")));
    fixture.clock.advance(1h);
    if (swept) {
      CHECK(fixture.vault.sweep(10)->expired == 1);
    }
    CHECK(fixture.read(created.key) == "not found");
    CHECK(fixture.told(created.webhook) == Lines{"expired {}"});
  }
}

TEST_CASE("webhook events: the asker is told what becomes of a request, by one name and one key") {
  constexpr std::string_view kFilled = R"(created {"ttl_seconds":3600,"passphrase":false,"proof":false,"views":1})";
  struct Row {
    const char* name;
    std::function<void(WebhookFixture&, const NewRequest&)> happens;
    Lines told;
  };
  const auto withdraw = [](WebhookFixture& fixture, const NewRequest& request) {
    CHECK(fixture.words(fixture.vault.delete_request(request.fill_key, request.request_key, {})) == "deleted");
  };
  const auto fill = [](WebhookFixture& fixture, const NewRequest& request) {
    CHECK(fixture.fill(request.fill_key) == "filled");
    CHECK(fixture.fill(request.fill_key) == "already exists");
  };
  const Row rows[] = {
      {"nothing", [](WebhookFixture&, const NewRequest&) {}, {}},
      {"filled and read",
       [&](WebhookFixture& fixture, const NewRequest& request) {
         fill(fixture, request);
         CHECK(fixture.read(request.request_key) == "a secret, 0 left");
       },
       {std::string(kFilled), R"(retrieved {"views_left":0})"}},
      {"filled and withdrawn",
       [&](WebhookFixture& fixture, const NewRequest& request) {
         fill(fixture, request);
         withdraw(fixture, request);
       },
       {std::string(kFilled), "deleted {}"}},
      {"filled late, and then both expire",
       [&](WebhookFixture& fixture, const NewRequest& request) {
         fixture.clock.advance(59min);
         fill(fixture, request);
         fixture.clock.advance(1h);
         CHECK(fixture.vault.sweep(10)->expired == 2);
       },
       {std::string(kFilled), "expired {}"}},
      {"withdrawn", withdraw, {R"(deleted {"request":true})"}},
      {"expired",
       [](WebhookFixture& fixture, const NewRequest&) {
         fixture.clock.advance(1h);
         CHECK(fixture.vault.sweep(10)->expired == 1);
       },
       {R"(expired {"request":true})"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    WebhookFixture fixture;
    const NewRequest request = fixture.ask();
    row.happens(fixture, request);
    CHECK(fixture.told(request.webhook) == row.told);
  }
}

TEST_CASE("webhook events: who puts a secret in is not told how its asker knows messages") {
  WebhookFixture fixture;
  const NewRequest request = fixture.ask();
  const Held<Created> filled = fixture.vault.fill(request.fill_key, WebhookFixture::url("x"), {});
  REQUIRE(filled.outcome.has_value());
  CHECK_FALSE(filled.outcome->webhook);
}

TEST_CASE("webhook events: who gives no webhook is told of none, and of none it is told anything") {
  WebhookFixture fixture;
  const Created created = fixture.share(SharedFixture::fresh("hunter2"));
  CHECK_FALSE(created.webhook);
  const Held<NewRequest> request = fixture.vault.create_request(1h, {});
  CHECK_FALSE(request.outcome->webhook);
  CHECK(fixture.fill(request.outcome->fill_key) == "filled");
  CHECK(fixture.read(created.key) == "hunter2, 0 left");
  fixture.clock.advance(2h);
  CHECK(fixture.vault.sweep(10)->expired == 2);
  CHECK(fixture.told(created.webhook).empty());
}

TEST_CASE("webhook events: the record has the URL sealed alone, and a URL that may not be creates nothing") {
  WebhookFixture fixture;
  const Created created = fixture.share(WebhookFixture::with_webhook(SharedFixture::fresh("hunter2")));
  const Bytes stored = fixture.store.load(fixture.keyring.store_id(created.key))->record;
  CHECK(as_text(stored).find("example.org") == std::string::npos);
  CHECK(fixture.record(created.key).webhook.size() == kUrl.size() + kSealedWebhookMax - kWebhookUrlMax);
  const Held<Created> refused =
      fixture.vault.create(WebhookFixture::with_webhook(SharedFixture::fresh("x"), "https://user@example.org/"), {});
  CHECK(refused.outcome.error().code == Errc::kInvalidArgument);
  CHECK(fixture.vault.create_request(1h, {}, WebhookFixture::url("ftp://example.org/")).outcome.error().code ==
        Errc::kInvalidArgument);
  CHECK(fixture.history().size() == 1);
}

TEST_CASE("webhook events: creating again is told the same key; with another URL, or none, it is another secret") {
  WebhookFixture fixture;
  const auto order = [](std::string_view url) {
    NewSharedSecret secret = SharedFixture::fresh("hunter2");
    secret.idempotency_key = "order-4711-of-this-day";
    secret.webhook = WebhookFixture::url(url);
    return secret;
  };
  const Created first = fixture.share(order(kUrl));
  const Created again = fixture.share(order(kUrl));
  REQUIRE(again.webhook);
  CHECK(again.webhook->fingerprint == first.webhook->fingerprint);
  CHECK(as_text(webhook_key_text(again.webhook->signing_key).expose()) ==
        as_text(webhook_key_text(first.webhook->signing_key).expose()));
  for (const std::string_view other : {"", "https://example.org/hooks/8Jq?token=a%2Fc", "https://example.org/hooks/"}) {
    CAPTURE(other);
    CHECK(fixture.vault.create(order(other), {}).outcome.error().code == Errc::kAlreadyExists);
  }
  NewSharedSecret without = order("");
  without.idempotency_key += "-2";
  CHECK(fixture.vault.create(std::move(without), {}).outcome.has_value());
  NewSharedSecret with = order(kUrl);
  with.idempotency_key += "-2";
  CHECK(fixture.vault.create(std::move(with), {}).outcome.error().code == Errc::kAlreadyExists);
}

}  // namespace disposable
