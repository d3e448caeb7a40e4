// Randomness as an argument. Production draws from the operating system through libsodium; tests script it.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace disposable {

// Thread-safe.
class Random {
 public:
  Random() = default;
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;
  virtual ~Random() = default;

  // Fills every byte. Cannot fail: libsodium aborts when the system has no randomness.
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

class SystemRandom final : public Random {
 public:
  // Initialises libsodium; aborts when that fails. Create one before anything else of crypto/.
  SystemRandom();
  void fill(std::span<std::uint8_t> out) override;
};

// Version of the linked libsodium, for example "1.0.18".
std::string_view sodium_version();

}  // namespace disposable
