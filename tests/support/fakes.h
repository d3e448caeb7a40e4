// Fakes for the seams of the domain: time that moves only when the test says so, and randomness from a seed.

#pragma once

#include <chrono>
#include <cstdint>
#include <random>

#include "base/clock.h"
#include "crypto/random.h"

namespace disposable {

// Thread-safe. Starts at a fixed date, so that test output is stable.
class ManualClock final : public Clock {
 public:
  WallTime now() override {
    const MutexLock lock(mutex_);
    return now_;
  }
  void advance(std::chrono::milliseconds by) {
    const MutexLock lock(mutex_);
    now_ += by;
  }

 private:
  Mutex mutex_;
  WallTime now_ GUARDED_BY(mutex_){std::chrono::milliseconds{1'700'000'000'000}};
};

// Thread-safe. The same seed gives the same bytes.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    const MutexLock lock(mutex_);
    for (std::uint8_t& byte : out) {
      byte = static_cast<std::uint8_t>(engine_());
    }
  }

 private:
  Mutex mutex_;
  std::mt19937_64 engine_ GUARDED_BY(mutex_);
};

}  // namespace disposable
