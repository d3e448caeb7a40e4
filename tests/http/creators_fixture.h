// Tokens of a test, and rules from words.

#pragma once

#include <doctest/doctest.h>

#include "http/creators.h"
#include "support/fakes.h"

namespace disposable {

struct TestToken {
  explicit TestToken(std::uint64_t seed) {
    SeededRandom random(seed);
    text = as_text(generate_token(random).expose());
    stored.digest = token_digest(text).value();
    stored.id = token_id(stored.digest);
  }
  // A header line with its end.
  std::string line() const { return "Authorization: Bearer " + text + "\r\n"; }

  std::string text{};
  CreatorToken stored{};
};

inline Creators creators_of(std::initializer_list<std::string_view> words, std::vector<CreatorToken> tokens = {}) {
  Creators creators;
  for (const std::string_view word : words) {
    REQUIRE(creators.rules.add(word).has_value());
  }
  creators.tokens = std::make_shared<const CreatorTokens>(std::move(tokens));
  return creators;
}

}  // namespace disposable
