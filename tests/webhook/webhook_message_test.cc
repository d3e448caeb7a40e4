// Goal: receivers with any library of Standard Webhooks believe what we send. Method: the vector that those libraries
// test with, and bodies spelled out.

#include "webhook/webhook_message.h"

#include <doctest/doctest.h>

#include "crypto/base64.h"
#include "crypto/hmac.h"

namespace disposable {
namespace {

Event event_of(Action action, std::string extra_data) {
  Event event;
  event.id.bytes.fill(0x11);
  event.fingerprint.bytes.fill(0xAB);
  event.action = action;
  event.at = WallTime(std::chrono::milliseconds(1'795'728'484'123));
  event.address = "192.0.2.7";
  event.extra_data = std::move(extra_data);
  return event;
}

constexpr const char* kFingerprint = "abababab-abab-abab-abab-abababababab";

TEST_CASE("message: the vector of the standard's libraries") {
  const Result<SecretBytes> key = parse_webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  REQUIRE(key);
  const std::string_view signed_text = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
  CHECK(base64_encode(hmac_sha256(key->expose(), {as_bytes(signed_text)})) ==
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("message: the signature covers id, time and body") {
  const Event event = event_of(Action::kCreated, "{}");
  const Bytes key(32, 0x22);
  const std::string signature = sign_webhook(key, event.id, 1'795'728'490, "{\"a\":1}");
  const std::string_view signed_text = "11111111-1111-1111-1111-111111111111.1795728490.{\"a\":1}";
  CHECK(signature == "v1," + base64_encode(hmac_sha256(key, {as_bytes(signed_text)})));
  CHECK(signature != sign_webhook(key, EventId{}, 1'795'728'490, "{\"a\":1}"));
  CHECK(signature != sign_webhook(key, event.id, 1'795'728'491, "{\"a\":1}"));
  CHECK(signature != sign_webhook(key, event.id, 1'795'728'490, "{\"a\":2}"));
  CHECK(signature != sign_webhook(Bytes(32, 0x23), event.id, 1'795'728'490, "{\"a\":1}"));
}

TEST_CASE("message: the body names the secret by its fingerprint and repeats the log's extra data, not the address") {
  const std::string head =
      "\",\"timestamp\":\"2026-11-26T21:28:04.123Z\",\"data\":{\"fingerprint\":\"" + std::string(kFingerprint) + "\"";
  for (const char* empty : {"", "{}"}) {
    CHECK(webhook_body(event_of(Action::kRetrieved, empty)) == "{\"type\":\"secret.retrieved" + head + "}}");
  }
  CHECK(webhook_body(event_of(Action::kDeleted, "{\"handed_out\":true}")) ==
        "{\"type\":\"secret.deleted" + head + ",\"handed_out\":true}}");
}

TEST_CASE("message: the operator is told of everything but guesses and repeated answers") {
  for (const Action action :
       {Action::kCreated, Action::kRetrieved, Action::kDeleted, Action::kExpired, Action::kLocked}) {
    CAPTURE(action_name(action));
    CHECK(is_told_to_server(event_of(action, "{}")));
  }
  CHECK_FALSE(is_told_to_server(event_of(Action::kDenied, "{}")));
  CHECK_FALSE(is_told_to_server(event_of(Action::kRetrieved, "{\"repeated\":true,\"views_left\":0}")));
  CHECK(is_told_to_server(event_of(Action::kRetrieved, "{\"views_left\":1}")));
}

TEST_CASE("message: a key is whsec_ and 24 to 64 bytes, alone in its file") {
  const auto key_of = [](std::size_t size) { return "whsec_" + base64_encode(Bytes(size, 7)); };
  for (const std::size_t size : {24U, 32U, 64U}) {
    CHECK(parse_webhook_key(key_of(size) + "\n").value().size() == size);
    CHECK(parse_webhook_key(" " + key_of(size)).value().size() == size);
  }
  for (const std::string& text : {std::string(), std::string("\n"), std::string("whsec_"), key_of(23), key_of(65),
                                  "WHSEC_" + key_of(32).substr(6), key_of(32).substr(6), key_of(32) + "x",
                                  key_of(32) + "\n" + key_of(32), "whsec_" + std::string(43, '-')}) {
    CAPTURE(text);
    CHECK_FALSE(parse_webhook_key(text));
  }
}

}  // namespace
}  // namespace disposable
