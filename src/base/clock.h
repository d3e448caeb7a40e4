// Time as an argument. Only Clock implementations read the system's clocks.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace disposable {

// Wall time in milliseconds since the Unix epoch. Expiry is wall time: it survives a restart.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// Thread-safe.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  // Never goes backwards during the life of the object.
  virtual WallTime now() = 0;
};

// Turns raw readings into a time that never goes backwards: when the wall clock is set back, time goes on from the
// latest reading at the speed of the steady clock, so that nothing expired comes back to life. A jump forward is
// believed. Thread-compatible; a value.
class ForwardTime {
 public:
  WallTime advance(WallTime wall, std::chrono::steady_clock::time_point steady);

 private:
  WallTime anchor_wall_{};
  std::chrono::steady_clock::time_point anchor_steady_{};
  WallTime latest_{};
};

// The machine's clock, read through ForwardTime.
class SystemClock final : public Clock {
 public:
  WallTime now() override;

 private:
  Mutex mutex_;
  ForwardTime time_ GUARDED_BY(mutex_);
};

// "2026-11-22T14:05:06.789Z".
std::string format_utc(WallTime time);
// The time that format_utc() shows so; nothing for any other text.
std::optional<WallTime> parse_utc(std::string_view text);
// As format_utc(), into `out`, which has kUtcSize bytes; returns what comes after them. Times outside the
// years 0 to 9999 are shown as the nearest one inside.
inline constexpr std::size_t kUtcSize = 24;
char* write_utc(WallTime time, char* out);

}  // namespace disposable
