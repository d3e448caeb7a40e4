// Goal: never more than `slots` at once, never more than `waiting_max` waiting, and a freed slot is used.

#include "core/passphrase_lane.h"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "support/metrics_parser.h"

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

TEST_CASE("lane: its metrics tell who runs, how many were refused and how long it took") {
  PassphraseLane lane({.slots = 2, .waiting_max = 0});
  const auto metrics = [&lane] {
    MetricsText text;
    lane.write_metrics(text);
    ParsedMetrics parsed(text.take());
    CHECK(parsed.error() == "");
    return parsed;
  };
  {
    const std::optional<PassphraseLane::Slot> first = lane.enter();
    std::optional<PassphraseLane::Slot> second = lane.enter();
    const PassphraseLane::Slot moved = std::move(*second);  // is counted once
    CHECK_FALSE(lane.enter());
    CHECK(metrics().value("disposable_secrets_passphrase_running") == 2);
    CHECK(metrics().value("disposable_secrets_passphrase_waiting") == 0);
    CHECK(metrics().value("disposable_secrets_passphrase_refused_total") == 1);
    CHECK(metrics().value("disposable_secrets_passphrase_seconds_count") == 0);
  }
  CHECK(metrics().value("disposable_secrets_passphrase_running") == 0);
  CHECK(metrics().value("disposable_secrets_passphrase_seconds_count") == 2);
}

}  // namespace disposable
