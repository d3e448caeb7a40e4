#include "app/since.h"

#include <charconv>

namespace disposable {

namespace {

// Consumes exactly `digits` digits; -1 when they are not there.
int take_number(std::string_view& text, std::size_t digits) {
  int value = 0;
  const char* end = text.data() + std::min(digits, text.size());
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.size() < digits || error != std::errc{} || stop != end || text.front() == '-') {
    return -1;
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

constexpr std::string_view kUnits = "smhd";

}  // namespace

Result<std::chrono::seconds> parse_span(std::string_view text) {
  if (text.size() < 2 || kUnits.find(text.back()) == std::string_view::npos) {
    return fail(Errc::kInvalidArgument, "not a span of time");
  }
  std::int64_t count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size() - 1, count);
  constexpr std::int64_t kCountMax = 10'000'000;
  if (error != std::errc{} || stop != text.data() + text.size() - 1 || count < 0 || count > kCountMax) {
    return fail(Errc::kInvalidArgument, "not a span of time");
  }
  switch (text.back()) {
    case 's':
      return std::chrono::seconds(count);
    case 'm':
      return std::chrono::minutes(count);
    case 'h':
      return std::chrono::hours(count);
    default:
      return std::chrono::days(count);
  }
}

Result<WallTime> parse_since(std::string_view text, WallTime now) {
  using std::chrono::day;
  using std::chrono::month;
  using std::chrono::year;
  if (text.size() > 1 && kUnits.find(text.back()) != std::string_view::npos) {
    const Result<std::chrono::seconds> age = parse_span(text);
    return age ? Result<WallTime>(now - *age) : fail(age.error());
  }
  const int y = take_number(text, 4);
  const bool first = take(text, '-');
  const int m = take_number(text, 2);
  const bool second = take(text, '-');
  const int d = take_number(text, 2);
  const std::chrono::year_month_day date{year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d))};
  if (y < 0 || m < 0 || d < 0 || !first || !second || !date.ok()) {
    return fail(Errc::kInvalidArgument, "not a date");
  }
  WallTime time = std::chrono::sys_days(date);
  if (take(text, 'T')) {
    const int hours = take_number(text, 2);
    const bool colon = take(text, ':');
    const int minutes = take_number(text, 2);
    const int seconds = take(text, ':') ? take_number(text, 2) : 0;
    if (hours < 0 || hours > 23 || !colon || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) {
      return fail(Errc::kInvalidArgument, "not a time of day");
    }
    time += std::chrono::hours(hours) + std::chrono::minutes(minutes) + std::chrono::seconds(seconds);
  }
  take(text, 'Z');
  if (!text.empty()) {
    return fail(Errc::kInvalidArgument, "not a time");
  }
  return time;
}

}  // namespace disposable
