// Goal: never more than `slots` at once, never more than `waiting_max` waiting, and a freed slot is used.

#include "core/passphrase_lane.h"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace disposable {

TEST_CASE("lane: full without waiting places, it refuses; a freed slot is given again") {
  PassphraseLane lane({.slots = 2, .waiting_max = 0});
  std::optional<PassphraseLane::Slot> first = lane.enter();
  std::optional<PassphraseLane::Slot> second = lane.enter();
  CHECK(first);
  CHECK(second);
  CHECK_FALSE(lane.enter());
  first.reset();
  CHECK(lane.enter());
}

TEST_CASE("lane: many threads never exceed the slots") {
  constexpr int kThreads = 16;
  PassphraseLane lane({.slots = 2, .waiting_max = kThreads});
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::latch start(kThreads);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int round = 0; round < 200; ++round) {
        const std::optional<PassphraseLane::Slot> slot = lane.enter();
        const int now_inside = ++inside;
        int seen = most.load();
        while (seen < now_inside && !most.compare_exchange_weak(seen, now_inside)) {
        }
        --inside;
      }
    });
  }
  threads.clear();
  CHECK(most.load() <= 2);
  CHECK(most.load() >= 1);
}

}  // namespace disposable
