#include "crypto/random.h"

#include <sodium.h>

#include <algorithm>

#include "base/result.h"
#include "crypto/secret_bytes.h"

namespace disposable {

SystemRandom::SystemRandom() { check(sodium_init() >= 0, "libsodium initialises"); }

void SystemRandom::fill(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

RandomBatch::~RandomBatch() { wipe(drawn_); }

void RandomBatch::fill(std::span<std::uint8_t> out) {
  if (out.size() > drawn_.size() - used_) {
    source_.fill(out);
    return;
  }
  const std::span<std::uint8_t> taken = std::span(drawn_).subspan(used_, out.size());
  std::copy(taken.begin(), taken.end(), out.begin());
  wipe(taken);
  used_ += out.size();
}

std::string_view sodium_version() { return sodium_version_string(); }

}  // namespace disposable
