// HttpDate: when a response was made, as RFC 9110 wants every one to say (6.6.1, in the form of 5.6.7).
//
// Reads the wall clock once a second, however many responses there are. One thread. Borrows the clock.

#pragma once

#include <string>

#include "base/clock.h"
#include "http/timer_wheel.h"

namespace disposable {

// "Tue, 14 Nov 2023 22:13:20 GMT". Times outside the years 0 to 9999 are shown as the nearest one inside.
std::string format_http_date(WallTime time);

class HttpDate {
 public:
  explicit HttpDate(Clock& clock) : clock_(clock) {}

  // Of `now`, which never goes backwards. Good until the next call.
  std::string_view at(SteadyTime now);

 private:
  Clock& clock_;
  std::string text_;
  SteadyTime good_until_ = SteadyTime::min();
};

}  // namespace disposable
