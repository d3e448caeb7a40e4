// Randomness as an argument. Production draws from the operating system through libsodium; tests script it.

#pragma once

#include <array>
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

// Draws once and hands out what was drawn, for work that needs several small pieces: each draw is a system call. What
// is over is wiped. One thread; borrows the source, which it goes on asking when the first draw is used up.
class RandomBatch final : public Random {
 public:
  explicit RandomBatch(Random& source) : source_(source) { source_.fill(drawn_); }
  ~RandomBatch() override;
  void fill(std::span<std::uint8_t> out) override;

 private:
  static constexpr std::size_t kBytes = 160;  // creating a secret takes 138

  Random& source_;
  std::array<std::uint8_t, kBytes> drawn_{};
  std::size_t used_ = 0;
};

// Version of the linked libsodium, for example "1.0.18".
std::string_view sodium_version();

}  // namespace disposable
