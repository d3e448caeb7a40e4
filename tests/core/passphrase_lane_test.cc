// Goal: never more than `slots` at once, never more than `waiting_max` waiting, a freed slot is used, and whoever asks
// for many holds up nobody who asks for one.

#include "core/passphrase_lane.h"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "support/metrics_parser.h"

namespace disposable {
namespace {

constexpr std::string_view kAddress = "192.0.2.1";

double waiting(const PassphraseLane& lane) {
  MetricsText text;
  lane.write_metrics(text);
  return ParsedMetrics(text.take()).value("disposable_secrets_passphrase_waiting");
}

// Clients who come one after the other to a lane with one slot, which is held until all are there; then in which order
// they had their turn, and '-' in the place of each who was refused, in the order of coming.
struct Served {
  std::string order;
  std::string refused;
};
Served serve(const std::vector<std::string>& addresses, const std::string& names, int waiting_max) {
  PassphraseLane lane({.slots = 1, .waiting_max = waiting_max});
  std::optional<PassphraseLane::Slot> held = lane.enter("198.51.100.1");
  Served served{{}, std::string(names.size(), '.')};
  std::atomic<std::size_t> refused{0};
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    threads.emplace_back([&, i] {
      const std::optional<PassphraseLane::Slot> slot = lane.enter(addresses[i]);
      if (slot) {
        served.order += names[i];  // whoever has the only slot
      } else {
        served.refused[i] = '-';
        ++refused;
      }
    });
    while (static_cast<std::size_t>(waiting(lane)) + refused < i + 1) {
      std::this_thread::yield();
    }
  }
  held.reset();
  threads.clear();
  return served;
}

}  // namespace

TEST_CASE("lane: each client has his next turn before anybody has another one") {
  const std::string a = "192.0.2.1";
  const std::string b = "192.0.2.2";
  const std::string c = "2001:db8:1::1";
  CHECK(serve({a, a, a, b, c}, "aaabc", 5).order == "abcaa");
  CHECK(serve({a, a, b, b, a}, "aabba", 5).order == "ababa");
  CHECK(serve({a, a, a}, "aaa", 5).order == "aaa");
  // One who has a /48 is one client, and so are all without an address.
  CHECK(serve({"2001:db8:2::1", "2001:db8:2:1::1", c}, "aac", 5).order == "aca");
  CHECK(serve({"", "unix", c}, "aac", 5).order == "aca");
}

TEST_CASE("lane: when all places are taken a newcomer gets the last one of whoever has most") {
  const std::string a = "192.0.2.1";
  const std::string b = "192.0.2.2";
  const std::string c = "192.0.2.3";
  const Served taken = serve({a, a, a, b, a}, "aaaba", 3);
  CHECK(taken.order == "aba");
  CHECK(taken.refused == "..-.-");
  const Served even = serve({a, b, a, b, c, c}, "ababcc", 4);
  CHECK(even.order == "abcb");
  CHECK(even.refused == "..-..-");
}

TEST_CASE("lane: full without waiting places, it refuses; a freed slot is given again") {
  PassphraseLane lane({.slots = 2, .waiting_max = 0});
  std::optional<PassphraseLane::Slot> first = lane.enter(kAddress);
  std::optional<PassphraseLane::Slot> second = lane.enter(kAddress);
  CHECK(first);
  CHECK(second);
  CHECK_FALSE(lane.enter(kAddress));
  first.reset();
  CHECK(lane.enter(kAddress));
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
        const std::optional<PassphraseLane::Slot> slot = lane.enter(kAddress);
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
    const std::optional<PassphraseLane::Slot> first = lane.enter(kAddress);
    std::optional<PassphraseLane::Slot> second = lane.enter(kAddress);
    const PassphraseLane::Slot moved = std::move(*second);  // is counted once
    CHECK_FALSE(lane.enter(kAddress));
    CHECK(metrics().value("disposable_secrets_passphrase_running") == 2);
    CHECK(metrics().value("disposable_secrets_passphrase_waiting") == 0);
    CHECK(metrics().value("disposable_secrets_passphrase_refused_total") == 1);
    CHECK(metrics().value("disposable_secrets_passphrase_seconds_count") == 0);
  }
  CHECK(metrics().value("disposable_secrets_passphrase_running") == 0);
  CHECK(metrics().value("disposable_secrets_passphrase_seconds_count") == 2);
}

}  // namespace disposable
