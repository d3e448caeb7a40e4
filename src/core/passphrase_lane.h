// PassphraseLane: how many Argon2 computations run at once, and how many wait for their turn.
//
// A storm of passphrases can then neither exhaust memory nor take every worker: at most `slots` run, at most
// `waiting_max` wait, the rest is told to come back. Thread-safe.

#pragma once

#include <chrono>
#include <optional>

#include "base/metrics.h"
#include "base/mutex.h"

namespace disposable {

class PassphraseLane {
 public:
  struct Limits {
    int slots = 2;         // 19 MiB each
    int waiting_max = 16;  // about 150 ms of queue on two cores
  };

  explicit PassphraseLane(Limits limits) : limits_(limits) {}

  // Holds a slot until it goes.
  class Slot {
   public:
    explicit Slot(PassphraseLane& lane) : lane_(&lane) {}
    Slot(Slot&& other) noexcept : lane_(other.lane_), begin_(other.begin_) { other.lane_ = nullptr; }
    Slot& operator=(Slot&&) = delete;
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot();

   private:
    PassphraseLane* lane_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  };

  // Waits for a slot; nothing when too many wait already.
  std::optional<Slot> enter();

  void write_metrics(MetricsText& text) const;

 private:
  void leave(std::chrono::nanoseconds held);

  const Limits limits_;
  Histogram seconds_{kSecondsBounds};  // that a slot was held
  Counter refused_;
  mutable Mutex mutex_;
  CondVar freed_;
  int running_ GUARDED_BY(mutex_) = 0;
  int waiting_ GUARDED_BY(mutex_) = 0;
};

}  // namespace disposable
