#include "http/http_date.h"

#include <array>

namespace disposable {

std::string format_http_date(WallTime time) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string utc = format_utc(time);  // clamped: YYYY-MM-DDThh:mm:ss.mmmZ
  const unsigned long month = std::stoul(utc.substr(5, 2));
  const std::chrono::year_month_day date(std::chrono::year(std::stoi(utc.substr(0, 4))),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(std::stoul(utc.substr(8, 2)))));
  const std::chrono::weekday day(date);
  return std::string(kDays.at(day.c_encoding()))
      .append(", ")
      .append(utc, 8, 2)
      .append(" ")
      .append(kMonths.at(month - 1))
      .append(" ")
      .append(utc, 0, 4)
      .append(" ")
      .append(utc, 11, 8)
      .append(" GMT");
}

std::string_view HttpDate::at(SteadyTime now) {
  if (now >= good_until_) {
    const WallTime wall = clock_.now();
    text_ = format_http_date(wall);
    good_until_ = now + (std::chrono::seconds{1} - (wall - std::chrono::floor<std::chrono::seconds>(wall)));
  }
  return text_;
}

}  // namespace disposable
