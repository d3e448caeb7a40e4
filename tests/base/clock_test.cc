// Goal: time never goes backwards, whatever is done to the wall clock.

#include "base/clock.h"

#include <doctest/doctest.h>

namespace disposable {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock::time_point;

TEST_CASE("clock: follows the wall clock while it goes forward, jumps included") {
  ForwardTime time;
  CHECK(time.advance(WallTime(10s), Steady(1s)) == WallTime(10s));
  CHECK(time.advance(WallTime(11s), Steady(2s)) == WallTime(11s));
  CHECK(time.advance(WallTime(99s), Steady(3s)) == WallTime(99s));
}

TEST_CASE("clock: goes on at the steady clock's speed while the wall clock is set back") {
  ForwardTime time;
  CHECK(time.advance(WallTime(1000s), Steady(1s)) == WallTime(1000s));
  CHECK(time.advance(WallTime(10s), Steady(2s)) == WallTime(1001s));
  CHECK(time.advance(WallTime(11s), Steady(3s)) == WallTime(1002s));
  CHECK(time.advance(WallTime(12s), Steady(3s)) == WallTime(1002s));
}

TEST_CASE("clock: does not step back when the wall clock is between the anchor and the carried time") {
  ForwardTime time;
  CHECK(time.advance(WallTime(1000s), Steady(0s)) == WallTime(1000s));
  CHECK(time.advance(WallTime(900s), Steady(100s)) == WallTime(1100s));
  CHECK(time.advance(WallTime(1001s), Steady(101s)) == WallTime(1101s));
  CHECK(time.advance(WallTime(1200s), Steady(102s)) == WallTime(1200s));
}

TEST_CASE("clock: small steady steps add up without loss") {
  ForwardTime time;
  CHECK(time.advance(WallTime(1000s), Steady(0s)) == WallTime(1000s));
  WallTime last;
  for (int i = 1; i <= 10000; ++i) {
    last = time.advance(WallTime(1s), Steady(std::chrono::microseconds(i * 100)));
  }
  CHECK(last == WallTime(1001s));
}

TEST_CASE("clock: UTC text has milliseconds") {
  CHECK(format_utc(WallTime(1'700'000'000'007ms)) == "2023-11-14T22:13:20.007Z");
  CHECK(format_utc(WallTime{}) == "1970-01-01T00:00:00.000Z");
  CHECK(format_utc(WallTime(-1ms)) == "1969-12-31T23:59:59.999Z");
  CHECK(format_utc(WallTime(951'782'400'000ms)) == "2000-02-29T00:00:00.000Z");
  CHECK(format_utc(WallTime::min()) == "0000-01-01T00:00:00.000Z");
  CHECK(format_utc(WallTime::max()) == "9999-12-31T23:59:59.999Z");
}

}  // namespace disposable
