#include "base/clock.h"

#include <algorithm>
#include <array>

namespace disposable {

namespace {

using std::chrono::January;
using std::chrono::year;

constexpr WallTime kEarliest = std::chrono::sys_days{year{0} / January / 1};
constexpr WallTime kLatest = std::chrono::sys_days{year{10'000} / January / 1} - std::chrono::milliseconds{1};

}  // namespace

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
  std::array<char, kUtcSize> text{};
  return {text.data(), write_utc(time, text.data())};
}

std::optional<WallTime> parse_utc(std::string_view text) {
  if (text.size() != kUtcSize) {
    return std::nullopt;
  }
  const auto number = [text](std::size_t begin, std::size_t digits) {
    int value = 0;
    for (const char c : text.substr(begin, digits)) {
      value = value * 10 + (c - '0');
    }
    return value;
  };
  const std::chrono::year_month_day date{year(number(0, 4)), std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!date.ok()) {
    return std::nullopt;
  }
  const WallTime time = std::chrono::sys_days(date) + std::chrono::hours(number(11, 2)) +
                        std::chrono::minutes(number(14, 2)) + std::chrono::seconds(number(17, 2)) +
                        std::chrono::milliseconds(number(20, 3));
  // Whatever stood between or in place of digits shows here.
  return format_utc(time) == text ? std::optional(time) : std::nullopt;
}

char* write_utc(WallTime time, char* out) {
  time = std::clamp(time, kEarliest, kLatest);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  // Exactly `digits` digits, then `mark`.
  const auto put = [&out](std::int64_t value, std::size_t digits, char mark) {
    for (std::size_t i = digits; i-- > 0; value /= 10) {
      out[i] = static_cast<char>('0' + value % 10);
    }
    out[digits] = mark;
    out += digits + 1;
  };
  put(int{date.year()}, 4, '-');
  put(unsigned{date.month()}, 2, '-');
  put(unsigned{date.day()}, 2, 'T');
  put(clock.hours().count(), 2, ':');
  put(clock.minutes().count(), 2, ':');
  put(clock.seconds().count(), 2, '.');
  put(clock.subseconds().count(), 3, 'Z');
  return out;
}

}  // namespace disposable
