// AccessToken: what shows that its holder may create: "ds_" and 32 random bytes as base64url (RFC 4648, section 5).
//
// Only its digest is kept. A token has 256 random bits, so a plain hash of it is enough: there is nothing to guess.
// Pure functions, thread-safe.

#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/random.h"
#include "crypto/secret_bytes.h"

namespace disposable {

// BLAKE2b-256 of a token's text. Not secret: it does not lead back to the token.
struct TokenDigest {
  std::array<std::uint8_t, 32> bytes{};
  bool operator==(const TokenDigest&) const = delete;  // equal_constant_time()
};

inline constexpr std::size_t kTokenTextSize = 46;

// The text of a new token.
SecretBytes generate_token(Random& random);
// Nothing when `text` does not look like a token.
std::optional<TokenDigest> token_digest(std::string_view text);
// What a token is called where it may be seen: 12 hexadecimal characters, from its digest.
std::string token_id(const TokenDigest& digest);

}  // namespace disposable
