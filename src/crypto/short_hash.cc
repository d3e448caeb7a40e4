#include "crypto/short_hash.h"

#include <sodium.h>

namespace disposable {

static_assert(ShortHashKey{}.size() == crypto_shorthash_KEYBYTES);

std::uint64_t short_hash(const ShortHashKey& key, ByteView bytes) {
  std::array<std::uint8_t, crypto_shorthash_BYTES> out{};
  crypto_shorthash(out.data(), bytes.data(), bytes.size(), key.data());
  return ByteReader(out).u64();
}

}  // namespace disposable
