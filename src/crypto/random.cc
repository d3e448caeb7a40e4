#include "crypto/random.h"

#include <sodium.h>

#include "base/result.h"

namespace disposable {

SystemRandom::SystemRandom() { check(sodium_init() >= 0, "libsodium initialises"); }

void SystemRandom::fill(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

std::string_view sodium_version() { return sodium_version_string(); }

}  // namespace disposable
