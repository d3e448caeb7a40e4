#include "crypto/hash.h"

#include <sodium.h>

namespace disposable {

static_assert(SymmetricKey::kSize >= crypto_generichash_KEYBYTES_MIN);
static_assert(SymmetricKey::kSize <= crypto_generichash_KEYBYTES_MAX);

void keyed_hash(const SymmetricKey& key, std::initializer_list<ByteView> parts, std::span<std::uint8_t> out) {
  crypto_generichash_state state;
  check(crypto_generichash_init(&state, key.expose().data(), key.expose().size(), out.size()) == 0,
        "BLAKE2b accepts the output size");
  for (const ByteView part : parts) {
    crypto_generichash_update(&state, part.data(), part.size());
  }
  crypto_generichash_final(&state, out.data(), out.size());
  sodium_memzero(&state, sizeof state);
}

}  // namespace disposable
