// Goal: what requests of API v2 may bring, and the exact error entries for what they may not. Method: tables.

#include "http/bodies_v2.h"

#include <doctest/doctest.h>

namespace disposable {

using namespace std::chrono_literals;

namespace {

const BodyLimits kLimits{.secret_bytes_max = 8, .passphrase_bytes_max = 4, .ttl_max = 100'000s};
constexpr std::string_view kProof = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";  // bytes 0 to 31
constexpr std::string_view kWebhook = "https://example.org/hook?a=b";
constexpr std::string_view kIdempotencyKey = "0123456789abcdef";

using Headers = std::vector<HeaderField>;

Request with(std::string_view body, Headers headers = {}) {
  return {"POST", "/api/v2/secrets", std::move(headers), as_bytes(body), "192.0.2.7"};
}

// "ok", or each error as type@place.field.
template <class T>
std::string verdict(const Validated<T>& parsed) {
  if (parsed) {
    return "ok";
  }
  std::string all;
  for (const FieldError& error : parsed.error()) {
    all.append(all.empty() ? "" : " ").append(error.type).append("@").append(error.place);
    all.append(error.field.empty() ? "" : ".").append(error.field);
  }
  return all;
}

std::string text_of(const SecretBytes& bytes) { return std::string(as_text(bytes.expose())); }

}  // namespace

TEST_CASE("bodies v2: bytes take their options from header fields") {
  const std::string bytes("\0\xFF\n", 3);
  const Request request = with(bytes, {{"secret-ttl", "100000"},
                                       {"Secret-Views", "100"},
                                       {"Secret-Passphrase", "cGFzcw"},
                                       {"Secret-Proof", kProof},
                                       {"Secret-Webhook", kWebhook},
                                       {"Idempotency-Key", kIdempotencyKey}});
  const Validated<NewSharedSecret> parsed = parse_new_bytes(request, kLimits);
  REQUIRE(verdict(parsed) == "ok");
  CHECK(text_of(parsed->secret) == bytes);
  CHECK(parsed->ttl == 100'000s);
  CHECK(parsed->views == 100);
  CHECK(text_of(parsed->access.passphrase) == "pass");
  REQUIRE(parsed->access.proof.size() == 32);
  CHECK(parsed->access.proof.expose()[31] == 31);
  CHECK(text_of(parsed->webhook) == kWebhook);
  CHECK(parsed->idempotency_key == kIdempotencyKey);
  CHECK(parsed->principal.empty());

  const Validated<NewSharedSecret> least = parse_new_bytes(with("x"), kLimits);
  REQUIRE(verdict(least) == "ok");
  CHECK(least->ttl == 86'400s);
  CHECK(least->views == 1);
  CHECK(least->access.passphrase.empty());
  CHECK(least->access.proof.empty());
  CHECK(least->webhook.empty());
  CHECK(least->idempotency_key.empty());
  CHECK(parse_new_bytes(with("x"), {.ttl_max = 60s})->ttl == 60s);
}

TEST_CASE("bodies v2: every mistake of a header field has its entry") {
  const std::string long_key(256, 'k');
  const struct {
    Headers headers;
    std::string_view expected;
  } rows[] = {
      {{{"Secret-TTL", "0"}}, "greater_than_equal@header.Secret-TTL"},
      {{{"Secret-TTL", "-99999999999999999999"}}, "greater_than_equal@header.Secret-TTL"},
      {{{"Secret-TTL", "100001"}}, "less_than_equal@header.Secret-TTL"},
      {{{"Secret-TTL", "99999999999999999999"}}, "less_than_equal@header.Secret-TTL"},
      {{{"Secret-TTL", ""}}, "int_parsing@header.Secret-TTL"},
      {{{"Secret-TTL", "-"}}, "int_parsing@header.Secret-TTL"},
      {{{"Secret-TTL", "+1"}}, "int_parsing@header.Secret-TTL"},
      {{{"Secret-TTL", "1.0"}}, "int_parsing@header.Secret-TTL"},
      {{{"Secret-TTL", "1h"}}, "int_parsing@header.Secret-TTL"},
      {{{"Secret-TTL", "0x10"}}, "int_parsing@header.Secret-TTL"},
      {{{"Secret-Views", "0"}}, "greater_than_equal@header.Secret-Views"},
      {{{"Secret-Views", "101"}}, "less_than_equal@header.Secret-Views"},
      {{{"Secret-Views", "many"}}, "int_parsing@header.Secret-Views"},
      {{{"Secret-Passphrase", "cGFzcw=="}}, "base64_decode@header.Secret-Passphrase"},
      {{{"Secret-Passphrase", "cGFz+w"}}, "base64_decode@header.Secret-Passphrase"},
      {{{"Secret-Passphrase", "cGFzc3B"}}, "base64_decode@header.Secret-Passphrase"},  // bits that mean nothing
      {{{"Secret-Passphrase", "cGFzc3A"}}, "bytes_too_long@header.Secret-Passphrase"},
      {{{"Secret-Passphrase", ""}}, "ok"},  // as in JSON: none
      {{{"Secret-Passphrase", "w7_DvQ"}}, "ok"},
      {{{"Secret-Passphrase", "_w"}}, "string_unicode@header.Secret-Passphrase"},
      {{{"Secret-Passphrase", "7aCA"}}, "string_unicode@header.Secret-Passphrase"},  // half of a surrogate pair
      {{{"Secret-Proof", ""}}, "bytes_too_short@header.Secret-Proof"},
      {{{"Secret-Proof", kProof.substr(4)}}, "bytes_too_short@header.Secret-Proof"},
      {{{"Secret-Proof", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"}}, "bytes_too_long@header.Secret-Proof"},
      {{{"Idempotency-Key", kIdempotencyKey.substr(1)}}, "string_too_short@header.Idempotency-Key"},
      {{{"Secret-Webhook", ""}}, "ok"},
      {{{"Secret-Webhook", "https://user@example.org/"}}, "url_parsing@header.Secret-Webhook"},
      {{{"Secret-Webhook", "example.org"}}, "url_parsing@header.Secret-Webhook"},
      {{{"Idempotency-Key", ""}}, "string_too_short@header.Idempotency-Key"},
      {{{"Idempotency-Key", long_key}}, "string_too_long@header.Idempotency-Key"},
      {{{"Idempotency-Key", "0123456789 abcdef"}}, "string_pattern_mismatch@header.Idempotency-Key"},
      {{{"Idempotency-Key",
         "0123456789\xC3\xA4"
         "bcdef"}},
       "string_pattern_mismatch@header.Idempotency-Key"},
      {{{"Secret-Views", "1"}, {"secret-views", "2"}}, "extra_forbidden@header.Secret-Views"},
      {{{"Secret-Passphrase", ""}, {"Secret-Passphrase", "w7_DvQ"}}, "extra_forbidden@header.Secret-Passphrase"},
      {{{"Secret-TTL", "1"}, {"Secret-TTL", "1"}}, "extra_forbidden@header.Secret-TTL"},
      {{{"Secret-Proof", kProof}, {"Secret-Proof", kProof}}, "extra_forbidden@header.Secret-Proof"},
      {{{"Secret-Webhook", ""}, {"Secret-Webhook", ""}}, "extra_forbidden@header.Secret-Webhook"},
      {{{"Idempotency-Key", kIdempotencyKey}, {"Idempotency-Key", kIdempotencyKey}},
       "extra_forbidden@header.Idempotency-Key"},
      {{{"Secret-Views", "x"}, {"Secret-TTL", "x"}, {"Secret-Proof", "x"}},
       "int_parsing@header.Secret-TTL int_parsing@header.Secret-Views base64_decode@header.Secret-Proof"},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.headers.front().value));
    CHECK(verdict(parse_new_bytes(with("x", row.headers), kLimits)) == row.expected);
  }
  CHECK(verdict(parse_new_bytes(with("", {{"Secret-Views", "0"}}), kLimits)) ==
        "missing@body greater_than_equal@header.Secret-Views");
}

TEST_CASE("bodies v2: a creation as JSON has its options in it, and an option elsewhere is not lost unnoticed") {
  const Validated<NewSharedSecret> parsed =
      parse_new_text(with(R"({"secret":"abc","passphrase":"pass","ttl_seconds":5,"views":3,"webhook":"https://a.b/"})",
                          {{"Idempotency-Key", kIdempotencyKey}}),
                     kLimits);
  REQUIRE(verdict(parsed) == "ok");
  CHECK(text_of(parsed->secret) == "abc");
  CHECK(text_of(parsed->access.passphrase) == "pass");
  CHECK(parsed->ttl == 5s);
  CHECK(parsed->views == 3);
  CHECK(text_of(parsed->webhook) == "https://a.b/");
  CHECK(parsed->idempotency_key == kIdempotencyKey);
  const struct {
    std::string_view body;
    Headers headers;
    std::string_view expected;
  } rows[] = {
      {R"({"secret":"x"})", {}, "ok"},
      {R"({"secret":"x","passphrase":null,"ttl_seconds":null,"views":null,"webhook":null})", {}, "ok"},
      {"", {}, "missing@body"},
      {"null", {}, "missing@body"},
      {"[", {}, "json_invalid@body"},
      {"[]", {}, "model_attributes_type@body"},
      {R"({"secret":""})", {}, "string_too_short@body.secret"},
      {R"({"secret":"123456789"})", {}, "string_too_long@body.secret"},
      {R"({"secret":1,"passphrase":1,"ttl_seconds":1.5,"views":"1"})",
       {},
       "string_type@body.secret string_type@body.passphrase int_from_float@body.ttl_seconds int_type@body.views"},
      {R"({"secret":"x","views":0})", {}, "greater_than_equal@body.views"},
      {R"({"secret":"x","webhook":"https://a.b/#c"})", {}, "url_parsing@body.webhook"},
      {R"({"secret":"x","webhook":1})", {}, "string_type@body.webhook"},
      {R"({"secret":"x"})", {{"Secret-Webhook", kWebhook}}, "extra_forbidden@header.Secret-Webhook"},
      {R"({"secret":"x","views":101})", {}, "less_than_equal@body.views"},
      {R"({"secret":"x","proof":"AA"})", {}, "extra_forbidden@body.proof"},
      {R"({"secret":"x","proof":null})", {}, "ok"},
      {R"({"secret":"x","views":1e99})", {}, "less_than_equal@body.views"},
      {R"({"views":0})",
       {{"Idempotency-Key", "short"}},
       "missing@body.secret greater_than_equal@body.views string_too_short@header.Idempotency-Key"},
      {R"({"secret":"x"})",
       {{"Secret-Proof", kProof}, {"secret-ttl", "1"}},
       "extra_forbidden@header.Secret-TTL extra_forbidden@header.Secret-Proof"},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.body));
    CHECK(verdict(parse_new_text(with(row.body, row.headers), kLimits)) == row.expected);
  }
}

TEST_CASE("bodies v2: who retrieves or deletes brings keys as text, and the rest decoded") {
  const std::string all = R"({"secret_key":"k","passphrase":"pass","claim":"AAECAwQFBgcICQoLDA0ODw","proof":")" +
                          std::string(kProof) + "\"}";
  const Validated<AccessBody> parsed = parse_retrieve_body(as_bytes(all), kLimits);
  REQUIRE(verdict(parsed) == "ok");
  CHECK(text_of(parsed->secret_key) == "k");
  CHECK(text_of(parsed->access.passphrase) == "pass");
  CHECK(parsed->access.proof.size() == 32);
  CHECK(parsed->claim.size() == 16);
  const struct {
    std::string_view body;
    std::string_view retrieval;
    std::string_view deletion;
  } rows[] = {
      {"", "missing@body", "missing@body"},
      {"{}", "missing@body.secret_key", "missing@body.secret_key"},
      {R"({"secret_key":null})", "string_type@body.secret_key", "string_type@body.secret_key"},
      {R"({"secret_key":""})", "ok", "ok"},
      {R"({"secret_key":"x","passphrase":null,"proof":null,"claim":null})", "ok", "ok"},
      {R"({"secret_key":"x","claim":"AAECAwQFBgcICQoLDA0O"})", "bytes_too_short@body.claim", "ok"},
      {R"({"secret_key":"x","claim":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"})", "bytes_too_long@body.claim",
       "ok"},
      {R"({"passphrase":"passp","proof":"AA","claim":"?"})",
       "missing@body.secret_key string_too_long@body.passphrase bytes_too_short@body.proof base64_decode@body.claim",
       "missing@body.secret_key string_too_long@body.passphrase bytes_too_short@body.proof"},
      {R"({"secret_key":"x","proof":1})", "string_type@body.proof", "string_type@body.proof"},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.body));
    CHECK(verdict(parse_retrieve_body(as_bytes(row.body), kLimits)) == row.retrieval);
    CHECK(verdict(parse_delete_body_v2(as_bytes(row.body), kLimits)) == row.deletion);
  }
}

TEST_CASE("bodies v2: requests, receipts and fills") {
  CHECK(text_of(*parse_key_body(as_bytes(R"({"receipt_key":"r"})"), "receipt_key")) == "r");
  CHECK(verdict(parse_key_body(as_bytes(R"({"secret_key":"r"})"), "receipt_key")) == "missing@body.receipt_key");
  for (const std::string_view body : {"", "null", "{}", R"({"ttl_seconds":null})"}) {
    CHECK(parse_new_request_body(with(body), kLimits)->ttl == 86'400s);
  }
  CHECK(parse_new_request_body(with(R"({"ttl_seconds":7})"), kLimits)->ttl == 7s);
  CHECK(verdict(parse_new_request_body(with(R"({"ttl_seconds":0})"), kLimits)) ==
        "greater_than_equal@body.ttl_seconds");
  CHECK(text_of(parse_new_request_body(with(R"({"webhook":"https://a.b/"})"), kLimits)->webhook) == "https://a.b/");
  CHECK(verdict(parse_new_request_body(with(R"({"webhook":"ftp://a.b/"})"), kLimits)) == "url_parsing@body.webhook");
  CHECK(verdict(parse_new_request_body(with(R"({"views":2,"passphrase":"pass","proof":"AA"})"), kLimits)) ==
        "extra_forbidden@body.passphrase extra_forbidden@body.proof extra_forbidden@body.views");
  CHECK(verdict(parse_new_request_body(with("", {{"Secret-Passphrase", "w7_DvQ"}}), kLimits)) ==
        "extra_forbidden@header.Secret-Passphrase");
  CHECK(verdict(parse_request_keys_body(as_bytes("{}"))) == "missing@body.fill_key missing@body.request_key");
  CHECK(text_of(parse_request_keys_body(as_bytes(R"({"fill_key":"f","request_key":"r"})"))->request_key) == "r");
  CHECK(verdict(parse_fill(with(""))) == "missing@body missing@header.Request-Fill-Key");
  const Validated<FillBody> fill = parse_fill(with("bytes", {{"request-fill-key", "f"}}));
  REQUIRE(verdict(fill) == "ok");
  CHECK(text_of(fill->secret) == "bytes");
  CHECK(text_of(fill->fill_key) == "f");
  CHECK(fill->idempotency_key.empty());
  const std::string key(16, 'k');
  CHECK(parse_fill(with("bytes", {{"request-fill-key", "f"}, {"idempotency-key", key}}))->idempotency_key == key);
  CHECK(verdict(parse_fill(with("bytes", {{"request-fill-key", "f"}, {"idempotency-key", "short"}}))) ==
        "string_too_short@header.Idempotency-Key");
  for (const std::string_view option :
       {"Secret-TTL", "Secret-Views", "Secret-Passphrase", "Secret-Proof", "Secret-Webhook"}) {
    CHECK(verdict(parse_fill(with("bytes", {{"request-fill-key", "f"}, {option, "1"}}))) ==
          "extra_forbidden@header." + std::string(option));
  }
  CHECK(verdict(parse_fill(with("bytes", {{"request-fill-key", "f"}, {"request-fill-key", "f"}}))) ==
        "extra_forbidden@header.Request-Fill-Key");
}

}  // namespace disposable
