// Goal: what a body may be, and the exact error entries for what it may not. Method: tables.

#include "http/json_body.h"

#include <doctest/doctest.h>

#include "http/json_text.h"
#include "http/response.h"

namespace disposable {

namespace {

const BodyLimits kLimits{.secret_bytes_max = 8, .passphrase_bytes_max = 4};

std::string answer(const std::vector<FieldError>& errors) {
  return std::string(as_text(invalid_body_response(errors).body.expose()));
}

// "ok", or the 422 as it is sent.
std::string creation(std::string_view body) {
  const auto parsed = parse_create_body(as_bytes(body), kLimits);
  return parsed ? "ok" : answer(parsed.error());
}
std::string deletion(std::string_view body) {
  const auto parsed = parse_delete_body(as_bytes(body), kLimits);
  return parsed ? "ok" : answer(parsed.error());
}

std::string entry(std::string_view type, std::string_view loc, std::string_view message) {
  return "{\"type\":\"" + std::string(type) + "\",\"loc\":[\"body\"" + std::string(loc) + "],\"msg\":\"" +
         std::string(message) + "\"}";
}
std::string entries(std::initializer_list<std::string> list) {
  std::string all = "{\"detail\":[";
  for (const std::string& one : list) {
    all += (all.back() == '[' ? "" : ",") + one;
  }
  return all + "]}";
}

const std::string kSecretMissing = entry("missing", ",\"secret\"", "Field required");
const std::string kSecretType = entry("string_type", ",\"secret\"", "Input should be a valid string");
const std::string kPassphraseType = entry("string_type", ",\"passphrase\"", "Input should be a valid string");
const std::string kTtlType = entry("int_type", ",\"ttl_seconds\"", "Input should be a valid integer");
const std::string kTtlFraction =
    entry("int_from_float", ",\"ttl_seconds\"", "Input should be a valid integer, got a number with a fractional part");
const std::string kTtlSmall =
    entry("greater_than_equal", ",\"ttl_seconds\"", "Input should be greater than or equal to 1");
const std::string kTtlLarge =
    entry("less_than_equal", ",\"ttl_seconds\"", "Input should be less than or equal to 2592000");
const std::string kNotAnObject =
    entry("model_attributes_type", "", "Input should be a valid dictionary or object to extract fields from");
std::string not_json(std::string_view offset) {
  return entry("json_invalid", "," + std::string(offset), "JSON decode error");
}

}  // namespace

TEST_CASE("create body: every kind of mistake has its entry") {
  const struct {
    std::string_view body;
    std::string expected;
  } rows[] = {
      {"", entries({entry("missing", "", "Field required")})},
      {"null", entries({entry("missing", "", "Field required")})},
      {"{}", entries({kSecretMissing})},
      {R"({"Secret":"x"})", entries({kSecretMissing})},
      {R"({"inner":{"secret":"x"}})", entries({kSecretMissing})},
      {R"([{"secret":"x"}])", entries({kNotAnObject})},
      {"[]", entries({kNotAnObject})},
      {"\"x\"", entries({kNotAnObject})},
      {"1", entries({kNotAnObject})},
      {"true", entries({kNotAnObject})},
      {R"({"secret":null})", entries({kSecretType})},
      {R"({"secret":1})", entries({kSecretType})},
      {R"({"secret":true})", entries({kSecretType})},
      {R"({"secret":["x"]})", entries({kSecretType})},
      {R"({"secret":{"secret":"x"}})", entries({kSecretType})},
      {R"({"secret":""})",
       entries({entry("string_too_short", ",\"secret\"", "String should have at least 1 character")})},
      {R"({"secret":"123456789"})",
       entries({entry("string_too_long", ",\"secret\"",
                      "String should have at most 8 characters, counted as bytes of UTF-8")})},
      {R"({"secret":"x","passphrase":7})", entries({kPassphraseType})},
      {R"({"secret":"x","passphrase":[]})", entries({kPassphraseType})},
      {R"({"secret":"x","passphrase":false})", entries({kPassphraseType})},
      {R"({"secret":"x","passphrase":"12345"})",
       entries({entry("string_too_long", ",\"passphrase\"",
                      "String should have at most 4 characters, counted as bytes of UTF-8")})},
      {R"({"secret":"x","ttl_seconds":"300"})", entries({kTtlType})},
      {R"({"secret":"x","ttl_seconds":true})", entries({kTtlType})},
      {R"({"secret":"x","ttl_seconds":false})", entries({kTtlType})},
      {R"({"secret":"x","ttl_seconds":{}})", entries({kTtlType})},
      {R"({"secret":"x","ttl_seconds":[300]})", entries({kTtlType})},
      {R"({"secret":"x","ttl_seconds":1.5})", entries({kTtlFraction})},
      {R"({"secret":"x","ttl_seconds":-0.5})", entries({kTtlFraction})},
      {R"({"secret":"x","ttl_seconds":1e-9})", entries({kTtlFraction})},
      {R"({"secret":"x","ttl_seconds":0})", entries({kTtlSmall})},
      {R"({"secret":"x","ttl_seconds":-0.0})", entries({kTtlSmall})},
      {R"({"secret":"x","ttl_seconds":-1})", entries({kTtlSmall})},
      {R"({"secret":"x","ttl_seconds":-9223372036854775808})", entries({kTtlSmall})},
      {R"({"secret":"x","ttl_seconds":-9223372036854775809})", entries({kTtlSmall})},
      {R"({"secret":"x","ttl_seconds":-1e300})", entries({kTtlSmall})},
      {R"({"secret":"x","ttl_seconds":2592001})", entries({kTtlLarge})},
      {R"({"secret":"x","ttl_seconds":9223372036854775807})", entries({kTtlLarge})},
      {R"({"secret":"x","ttl_seconds":9223372036854775808})", entries({kTtlLarge})},
      {R"({"secret":"x","ttl_seconds":18446744073709551615})", entries({kTtlLarge})},
      {R"({"secret":"x","ttl_seconds":18446744073709551616})", entries({kTtlLarge})},
      {R"({"secret":"x","ttl_seconds":1e300})", entries({kTtlLarge})},
      // All at once, in the order of the fields and not of the body.
      {R"({"ttl_seconds":"1","passphrase":1,"secret":1})", entries({kSecretType, kPassphraseType, kTtlType})},
      {R"({"ttl_seconds":0})", entries({kSecretMissing, kTtlSmall})},
      // Of a repeated field the last one counts.
      {R"({"secret":"x","secret":1})", entries({kSecretType})},
      {R"({"ttl_seconds":5,"secret":"x","ttl_seconds":0})", entries({kTtlSmall})},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.body));
    CHECK(creation(row.body) == row.expected);
  }
}

TEST_CASE("create body: what is not JSON is json_invalid, where it stops being JSON") {
  const struct {
    std::string_view body;
    std::string_view offset;
  } rows[] = {
      {"{", "1"},
      {"{]", "1"},
      {" ", "1"},
      {R"({"secret":"x"} x)", "15"},
      {R"({"secret":"x"}{})", "14"},
      {R"({"secret":"x",})", "14"},
      {R"({'secret':'x'})", "1"},
      {R"({"secret":"x)", "12"},
      {R"({"secret":NaN})", "10"},
      {R"({"secret":"x","ttl_seconds":01})", "29"},
      {R"({"secret":"x","ttl_seconds":+1})", "28"},
      {"{\"secret\":\"a\nb\"}", "12"},
      {std::string_view("{\"secret\":\"a\0b\"}", 16), "12"},
      {std::string_view("{\"secret\":\"a\"}\0", 15), "14"},
      {std::string_view("{\"secret\":\"a\"} \0{}", 18), "15"},
      {std::string_view("{]\0", 3), "1"},
      {R"({"secret":"\ud800"})", "17"},
      {R"({"secret":"\udc00"})", "16"},
      {R"({"secret":"\ud800\u0041"})", "22"},
      {R"({"secret":"\x41"})", "12"},
      {"{\"secret\":\"\xff\"}", "11"},
      {"{\"secret\":\"\xc0\xaf\"}", "11"},
      {"{\"secret\":\"\xed\xa0\x80\"}", "12"},
      {"{\"secret\":\"\xf4\x90\x80\x80\"}", "12"},
      {"{\"secret\":\"\xc3\"}", "12"},
      {"{\"\xff\":1}", "2"},
      {"null x", "5"},
      {"/* x */{}", "0"},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.body));
    CHECK(creation(row.body) == entries({not_json(row.offset)}));
    CHECK(deletion(row.body) == entries({not_json(row.offset)}));
  }
}

TEST_CASE("create body: nesting is bounded, and does not use the stack") {
  const auto nested = [](std::size_t depth) {
    return R"({"secret":"x","more":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  CHECK(creation(nested(kJsonDepthMax - 1)) == "ok");
  CHECK(creation(nested(kJsonDepthMax)) == entries({not_json("0")}));
  CHECK(creation(nested(1'000'000)) == entries({not_json("0")}));
  CHECK(creation(std::string(1'000'000, '[')) == entries({not_json("0")}));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) {
    objects += "{\"a\":";
  }
  CHECK(creation(objects) == entries({not_json("0")}));
}

TEST_CASE("create body: what is valid arrives as it was meant") {
  const auto parsed = parse_create_body(
      as_bytes(R"( {"passphrase":"pw","other":[1,{"secret":"no"}],"ttl_seconds":3e2,"secret":"a\u0000\u20ac"} )"),
      kLimits);
  REQUIRE(parsed.has_value());
  CHECK(as_text(parsed->secret.expose()) == std::string_view("a\0\xE2\x82\xAC", 5));
  CHECK(as_text(parsed->passphrase.expose()) == "pw");
  CHECK(parsed->ttl == std::chrono::seconds{300});
}

TEST_CASE("create body: bounds hold for bytes, not for characters") {
  CHECK(creation("{\"secret\":\"12345678\"}") == "ok");
  CHECK(creation("{\"secret\":\"\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\"}") == "ok");
  CHECK(creation("{\"secret\":\"\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC.\"}") != "ok");
}

TEST_CASE("delete body: it is optional, and only its passphrase counts") {
  const struct {
    std::string_view body;
    std::string expected;
  } rows[] = {
      {"", "ok"},
      {"null", "ok"},
      {"{}", "ok"},
      {R"({"passphrase":null})", "ok"},
      {R"({"passphrase":""})", "ok"},
      {R"({"passphrase":"1234"})", "ok"},
      {R"({"secret":1,"ttl_seconds":"x"})", "ok"},
      {R"({"passphrase":1})", entries({kPassphraseType})},
      {R"({"passphrase":{}})", entries({kPassphraseType})},
      {R"({"passphrase":"12345"})",
       entries({entry("string_too_long", ",\"passphrase\"",
                      "String should have at most 4 characters, counted as bytes of UTF-8")})},
      {"[]", entries({kNotAnObject})},
      {"\"pw\"", entries({kNotAnObject})},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.body));
    CHECK(deletion(row.body) == row.expected);
  }
}

TEST_CASE("response: the JSON of a secret is sized exactly, whatever it holds") {
  std::string every;
  for (int c = 0; c < 128; ++c) {
    every += static_cast<char>(c);
  }
  const SecretBytes json = json_object_of("secret", as_bytes(every));
  const std::string text(as_text(json.expose()));
  CHECK(text.starts_with("{\"secret\":\"\\u0000"));
  CHECK(text.ends_with("\x7f\"}"));
  CHECK(text.find("\\b\\t\\n\\u000b\\f\\r") != std::string::npos);
}

}  // namespace disposable
