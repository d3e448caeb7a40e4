#include "crypto/access_token.h"

#include <sodium.h>

#include <algorithm>

namespace disposable {

namespace {

constexpr std::string_view kPrefix = "ds_";
constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kEncodedWithNul =
    sodium_base64_ENCODED_LEN(kRandomBytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
static_assert(kTokenTextSize == kPrefix.size() + kEncodedWithNul - 1);

bool is_base64url(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

SecretBytes generate_token(Random& random) {
  SecretBytes drawn(kRandomBytes);
  random.fill(drawn.expose_mutable());
  SecretBytes encoded(kEncodedWithNul);
  sodium_bin2base64(reinterpret_cast<char*>(encoded.expose_mutable().data()), encoded.size(), drawn.expose().data(),
                    drawn.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  SecretBytes token(kTokenTextSize);
  const auto after = std::copy(kPrefix.begin(), kPrefix.end(), token.expose_mutable().begin());
  const ByteView characters = encoded.expose().first(kEncodedWithNul - 1);
  std::copy(characters.begin(), characters.end(), after);
  return token;
}

std::optional<TokenDigest> token_digest(std::string_view text) {
  if (text.size() != kTokenTextSize || !text.starts_with(kPrefix) ||
      !std::all_of(text.begin() + kPrefix.size(), text.end(), is_base64url)) {
    return std::nullopt;
  }
  TokenDigest digest;
  const ByteView bytes = as_bytes(text);
  check(crypto_generichash(digest.bytes.data(), digest.bytes.size(), bytes.data(), bytes.size(), nullptr, 0) == 0,
        "BLAKE2b accepts the output size");
  return digest;
}

std::string token_id(const TokenDigest& digest) {
  constexpr std::size_t kIdBytes = 6;
  return to_hex(ByteView(digest.bytes).first(kIdBytes));
}

}  // namespace disposable
