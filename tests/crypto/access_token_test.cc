// Goal: a token has all of its random bits and one form, and its digest is BLAKE2b-256 (by Python's hashlib).

#include "crypto/access_token.h"

#include <doctest/doctest.h>

#include "support/fakes.h"

namespace disposable {

namespace {

class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::uint8_t byte) : byte_(byte) {}
  void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), byte_); }

 private:
  const std::uint8_t byte_;
};

std::string text_of(const SecretBytes& token) { return std::string(as_text(token.expose())); }

}  // namespace

TEST_CASE("access token: its text is ds_ and its random bytes as base64url") {
  FixedRandom zeros(0);
  FixedRandom ones(0xFF);
  CHECK(text_of(generate_token(zeros)) == "ds_" + std::string(43, 'A'));
  CHECK(text_of(generate_token(ones)) == "ds_" + std::string(42, '_') + "8");
  SeededRandom random(1);
  const std::string one = text_of(generate_token(random));
  CHECK(one != text_of(generate_token(random)));
  CHECK(token_digest(one).has_value());
}

TEST_CASE("access token: its digest is BLAKE2b-256 of its text, and its id the begin of that") {
  const auto digest = token_digest("ds_" + std::string(43, 'A'));
  REQUIRE(digest);
  CHECK(to_hex(digest->bytes) == "515b89b71689d77a9c6fec9684659120d04c0f6a206f3a1c5f5bd5c23e155bd2");
  CHECK(token_id(*digest) == "515b89b71689");
}

TEST_CASE("access token: what does not look like one has no digest") {
  const std::string good = "ds_" + std::string(42, 'a') + "A";
  CHECK(token_digest(good));
  for (const std::string& text :
       {std::string(), std::string("ds_"), good + "A", good.substr(1), good.substr(0, 45), "DS_" + good.substr(3),
        "ds-" + good.substr(3), good.substr(0, 45) + "=", good.substr(0, 45) + "+", good.substr(0, 45) + "/",
        good.substr(0, 45) + " ", good.substr(0, 45) + std::string(1, '\0'), " " + good, good + " "}) {
    CAPTURE(text);
    CHECK_FALSE(token_digest(text));
  }
}

}  // namespace disposable
