// Goal: under many threads exactly one replace wins each version, and every winner's event is there once.
// Method: threads start together and replace the same few ids as fast as they can. Run under ThreadSanitizer as well.

#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "contract/harness.h"

namespace disposable {
namespace {

constexpr std::uint64_t kThreads = 16;
constexpr std::uint64_t kIds = 4;
constexpr std::uint64_t kVersions = 60;

TEST_CASE_TEMPLATE("replace: of many threads at one version exactly one wins", Harness, EVERY_STORE) {
  Harness harness;
  for (std::uint64_t id = 0; id < kIds; ++id) {
    REQUIRE(harness.store().insert(test_id(id), test_entry("r", 500), test_bytes("p"), {}).has_value());
  }
  std::array<std::array<std::atomic<int>, kVersions>, kIds> winners{};
  std::atomic<int> surprises{0};
  std::barrier round(kThreads);

  const auto work = [&](std::uint64_t thread) {
    for (std::uint64_t version = 1; version < kVersions; ++version) {
      round.arrive_and_wait();
      for (std::uint64_t i = 0; i < kIds; ++i) {
        const std::uint64_t id = (i + thread) % kIds;
        const std::array<Event, 1> events{test_event(version * kIds + id)};
        const auto replaced =
            harness.store().replace(test_id(id), version, test_entry("r", 500), Payload::kKeep, events);
        if (replaced && replaced->wait()) {
          ++winners[id][version];
        } else if (replaced || replaced.error().code != Errc::kConflict) {
          ++surprises;
        }
        const auto loaded = harness.store().load(test_id(id));
        if (!loaded || loaded->version <= version || !loaded->ticket.wait()) {
          ++surprises;
        }
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back(work, thread);
    }
  }

  CHECK(surprises == 0);
  for (std::uint64_t id = 0; id < kIds; ++id) {
    for (std::uint64_t version = 1; version < kVersions; ++version) {
      REQUIRE(winners[id][version] == 1);
    }
    CHECK(harness.store().load(test_id(id))->version == kVersions);
  }
  const auto pending = harness.outbox().pending(0, 100'000);
  REQUIRE(pending.has_value());
  CHECK(pending->size() == kIds * (kVersions - 1));
}

TEST_CASE_TEMPLATE("a whole life under threads: everything inserted is loaded, spent, found due and purged once",
                   Harness, EVERY_STORE) {
  constexpr std::uint64_t kPerThread = 40;
  Harness harness;
  std::atomic<std::uint64_t> purged{0};
  std::atomic<std::uint64_t> acknowledged{0};
  std::atomic<int> surprises{0};

  const auto create_and_spend = [&](std::uint64_t thread) {
    for (std::uint64_t i = 0; i < kPerThread; ++i) {
      const std::uint64_t number = thread * kPerThread + i;
      const std::array<Event, 1> events{test_event(number)};
      const auto inserted = harness.store().insert(test_id(number), test_entry("r", 9000), test_bytes("p"), events);
      const auto loaded = harness.store().load(test_id(number));
      const auto payload = harness.store().load_payload(test_id(number));
      const auto spent = harness.store().replace(test_id(number), 1, test_entry("s", 100), Payload::kKeep, events);
      if (!inserted || !loaded || loaded->version != 1 || !payload || !spent || !loaded->ticket.wait() ||
          !spent->wait()) {
        ++surprises;
      }
    }
  };
  const auto sweep = [&] {
    while (purged < kThreads * kPerThread && surprises == 0) {
      const auto due = harness.store().due(at(1000), 7);
      for (const DueEntry& entry : *due) {
        const auto done = harness.store().purge(entry.id, 2);
        if (done && done->wait()) {
          ++purged;
        } else if (done || done.error().code != Errc::kConflict) {
          ++surprises;
        }
      }
    }
  };
  const auto project = [&] {
    while (acknowledged < 2 * kThreads * kPerThread && surprises == 0) {
      const auto pending = harness.outbox().pending(0, 50);
      if (!pending || (!pending->empty() && !harness.outbox().acknowledge(pending->back()))) {
        ++surprises;
        return;
      }
      acknowledged += pending->size();
      harness.outbox().wait_pending(std::chrono::milliseconds{10});
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back(create_and_spend, thread);
    }
    threads.emplace_back(sweep);
    threads.emplace_back(sweep);
    threads.emplace_back(project);
  }
  CHECK(surprises == 0);
  CHECK(purged == kThreads * kPerThread);
  CHECK(acknowledged == 2 * kThreads * kPerThread);
  CHECK(harness.store().due(at(100'000), 10)->empty());
}

}  // namespace
}  // namespace disposable
