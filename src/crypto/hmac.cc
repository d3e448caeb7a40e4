#include "crypto/hmac.h"

#include <sodium.h>

namespace disposable {

std::array<std::uint8_t, 32> hmac_sha256(ByteView key, std::initializer_list<ByteView> parts) {
  std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  for (const ByteView part : parts) {
    crypto_auth_hmacsha256_update(&state, part.data(), part.size());
  }
  crypto_auth_hmacsha256_final(&state, mac.data());
  sodium_memzero(&state, sizeof state);
  return mac;
}

}  // namespace disposable
