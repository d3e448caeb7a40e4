// Goal: the table hash is SipHash-2-4, so that its key cannot be worked around.

#include "crypto/short_hash.h"

#include <doctest/doctest.h>

#include <numeric>

namespace disposable {

TEST_CASE("short hash: SipHash-2-4, the value of its paper's appendix A") {
  ShortHashKey key{};
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  std::array<std::uint8_t, 15> message{};
  std::iota(message.begin(), message.end(), std::uint8_t{0});
  CHECK(short_hash(key, message) == 0xa129ca6149be45e5ULL);
  key[0] ^= 1U;
  CHECK(short_hash(key, message) != 0xa129ca6149be45e5ULL);
}

}  // namespace disposable
