#include "base/clock.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace disposable {

WallTime ForwardTime::advance(WallTime wall, std::chrono::steady_clock::time_point steady) {
  if (wall >= latest_) {
    anchor_wall_ = wall;
    anchor_steady_ = steady;
    latest_ = wall;
    return latest_;
  }
  // The anchor stays while the wall clock is behind: carrying from each reading would lose its rounding every time.
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(steady - anchor_steady_);
  latest_ = std::max(latest_, anchor_wall_ + elapsed);
  return latest_;
}

WallTime SystemClock::now() {
  const MutexLock lock(mutex_);
  return time_.advance(std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()),
                       std::chrono::steady_clock::now());
}

std::string format_utc(WallTime time) {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto milliseconds = static_cast<int>((since_epoch - seconds).count());
  const std::time_t unix_seconds = seconds.count();
  std::tm parts{};
  if (gmtime_r(&unix_seconds, &parts) == nullptr) {
    return std::to_string(since_epoch.count());
  }
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, milliseconds);
  return text;
}

}  // namespace disposable
