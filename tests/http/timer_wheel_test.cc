// Goal: a deadline is met up to a tick late and never early, however it was set, moved and reached.

#include "http/timer_wheel.h"

#include <doctest/doctest.h>

#include <array>

namespace disposable {

using namespace std::chrono_literals;

namespace {

constexpr SteadyTime kStart{1h};
// Beyond what the wheel reaches in one turn.
constexpr std::chrono::hours kFar{1};

// A wheel whose timers note when they were reached, and a clock that goes step by step.
struct Fixture {
  TimerWheel wheel{kStart};
  SteadyTime now = kStart;
  std::vector<std::pair<Timer*, SteadyTime>> reached;

  void go_to(SteadyTime end, std::chrono::milliseconds step) {
    while (now < end) {
      now = std::min(now + step, end);
      wheel.advance(now, [this](Timer& timer) { reached.emplace_back(&timer, now); });
    }
  }
};

}  // namespace

TEST_CASE("timer wheel: deadlines are met up to a tick late and never early") {
  const std::chrono::milliseconds offsets[] = {0ms, 1ms,  49ms, 50ms,     51ms,     99ms, 100ms,
                                               12s, 102s, 103s, 102350ms, 102400ms, 205s, kFar};
  for (const std::chrono::milliseconds step : {1ms, 7ms, 50ms, 130ms}) {
    for (const std::chrono::milliseconds offset : offsets) {
      CAPTURE(step.count());
      CAPTURE(offset.count());
      if (step == 1ms && offset == kFar) {
        continue;
      }
      Fixture fixture;
      fixture.go_to(kStart + 17ms, step);
      Timer timer;
      const SteadyTime deadline = fixture.now + offset;
      fixture.wheel.set(timer, deadline);
      fixture.go_to(deadline + 500ms, step);
      REQUIRE(fixture.reached.size() == 1);
      CHECK(fixture.reached.front().second >= deadline);
      // A tick, and what the clock is late by itself.
      CHECK(fixture.reached.front().second <= deadline + TimerWheel::kTick + step);
      CHECK(fixture.wheel.empty());
    }
  }
}

TEST_CASE("timer wheel: a deadline can be moved later and earlier, any number of times") {
  Fixture fixture;
  Timer timer;
  fixture.wheel.set(timer, kStart + 1s);
  for (int i = 0; i < 10; ++i) {
    fixture.go_to(fixture.now + 900ms, 50ms);
    fixture.wheel.set(timer, fixture.now + 1s);
  }
  CHECK(fixture.reached.empty());
  fixture.wheel.set(timer, fixture.now + kFar);
  fixture.wheel.set(timer, fixture.now + 200ms);
  const SteadyTime deadline = fixture.now + 200ms;
  fixture.go_to(fixture.now + 1s, 50ms);
  REQUIRE(fixture.reached.size() == 1);
  CHECK(fixture.reached.front().second >= deadline);
  CHECK(fixture.reached.front().second <= deadline + TimerWheel::kTick + 50ms);
}

TEST_CASE("timer wheel: a deadline in the past is met at the next tick") {
  Fixture fixture;
  fixture.go_to(kStart + 10s, 50ms);
  Timer timer;
  fixture.wheel.set(timer, kStart - 1h);
  fixture.go_to(fixture.now + TimerWheel::kTick, 50ms);
  CHECK(fixture.reached.size() == 1);
}

TEST_CASE("timer wheel: what is cancelled is never reached, and cancelling twice does nothing") {
  Fixture fixture;
  std::array<Timer, 3> timers;
  for (Timer& timer : timers) {
    fixture.wheel.set(timer, kStart + 1s);
  }
  fixture.wheel.cancel(timers[1]);
  fixture.wheel.cancel(timers[1]);
  fixture.go_to(kStart + 2s, 50ms);
  REQUIRE(fixture.reached.size() == 2);
  CHECK(fixture.reached[0].first == &timers[0]);
  CHECK(fixture.reached[1].first == &timers[2]);
  CHECK(fixture.wheel.empty());
}

TEST_CASE("timer wheel: after the clock jumped by hours all that is due is reached in one call, and nothing else") {
  Fixture fixture;
  std::array<Timer, 4> timers;
  fixture.wheel.set(timers[0], kStart + 1ms);
  fixture.wheel.set(timers[1], kStart + 100s);
  fixture.wheel.set(timers[2], kStart + 4h);
  fixture.wheel.set(timers[3], kStart + 6h);
  fixture.go_to(kStart + 5h, std::chrono::milliseconds{5h});
  CHECK(fixture.reached.size() == 3);
  CHECK(timers[3].hook.linked);
  fixture.go_to(kStart + 6h + 100ms, std::chrono::milliseconds{5h});
  CHECK(fixture.reached.size() == 4);
}

TEST_CASE("timer wheel: a clock that stands still or goes back reaches nothing") {
  Fixture fixture;
  Timer timer;
  fixture.go_to(kStart + 1s, 50ms);
  fixture.wheel.set(timer, kStart + 2s);
  for (const SteadyTime time : {kStart + 1s, kStart - 1h, kStart + 500ms}) {
    fixture.wheel.advance(time, [](Timer&) { FAIL("not yet"); });
  }
  CHECK(timer.hook.linked);
}

TEST_CASE("timer wheel: whoever is reached may set and cancel any timer, itself too") {
  TimerWheel wheel(kStart);
  std::array<Timer, 4> timers;
  for (std::size_t i = 0; i < 3; ++i) {
    wheel.set(timers[i], kStart + 1s);  // all in one slot
  }
  std::vector<const Timer*> reached;
  const auto on_reached = [&](Timer& timer) {
    reached.push_back(&timer);
    if (&timer == &timers[0] && reached.size() == 1) {
      wheel.cancel(timers[1]);
      wheel.set(timers[2], kStart + 3s);
      wheel.set(timers[3], kStart);  // due already, and not lost
      wheel.set(timers[0], kStart + 2s);
    }
  };
  for (SteadyTime now = kStart; now < kStart + 4s; now += 50ms) {
    wheel.advance(now, on_reached);
  }
  CHECK(reached == std::vector<const Timer*>{&timers[0], &timers[3], &timers[0], &timers[2]});
  CHECK(wheel.empty());
}

}  // namespace disposable
