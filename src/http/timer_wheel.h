// TimerWheel: very many deadlines, of which hardly any is ever reached (Varghese and Lauck, "Hashed and Hierarchical
// Timing Wheels", 1987, scheme 6).
//
// A deadline that moves to a later time, as most do with every request, costs one assignment: the timer is looked at
// where it was put and moved then. Deadlines are reached up to one tick late and never early. One thread.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "http/intrusive_list.h"

namespace disposable {

using SteadyTime = std::chrono::steady_clock::time_point;

// Embedded in what has a deadline; must be cancelled before it goes.
struct Timer {
  void* owner = nullptr;
  SteadyTime deadline{};
  std::uint64_t tick = 0;  // where it was put
  ListHook<Timer> hook{};
};

class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{50};

  explicit TimerWheel(SteadyTime start) : start_(start), slots_(kSlots) {}

  void set(Timer& timer, SteadyTime deadline);
  void cancel(Timer& timer);
  // Calls `expired` for every timer whose deadline has come; it may set and cancel any timer.
  void advance(SteadyTime now, const std::function<void(Timer&)>& expired);
  bool empty() const { return count_ == 0; }

 private:
  static constexpr std::size_t kSlots = 2048;  // 102 s; later deadlines are looked at on the way
  using Slot = IntrusiveList<Timer, &Timer::hook>;

  // The first tick at or after `deadline`, within the wheel's reach.
  std::uint64_t tick_of(SteadyTime deadline) const;
  void put(Timer& timer);

  const SteadyTime start_;
  std::uint64_t now_ = 0;  // every tick up to here has been handled
  std::size_t count_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace disposable
