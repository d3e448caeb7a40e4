// Goal: nobody is told "durable" who should not be, however late he asks.

#include "store/rocksdb/commit_progress.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

namespace disposable {
namespace {

TEST_CASE("wait: settled sequences answer at once") {
  CommitProgress progress;
  CHECK(progress.wait(0).has_value());
  progress.settle(3);
  CHECK(progress.wait(1).has_value());
  CHECK(progress.wait(3).has_value());
  CHECK(progress.settled() == 3);
}

TEST_CASE("wait: exactly the failed sequences are kUnavailable, for ever") {
  CommitProgress progress;
  progress.settle(3);
  progress.settle_failed(5);
  progress.settle(7);
  progress.settle_failed(7);  // nothing was under way
  progress.settle_failed(9);
  progress.settle_failed(10);  // joins the one before
  progress.settle(20);
  for (CommitSequence sequence = 1; sequence <= 20; ++sequence) {
    const bool failed = sequence == 4 || sequence == 5 || (sequence >= 8 && sequence <= 10);
    CAPTURE(sequence);
    CHECK(progress.wait(sequence).has_value() != failed);
  }
}

TEST_CASE("wait: however many failures there were, a failed sequence is never called durable") {
  CommitProgress progress;
  constexpr CommitSequence kRounds = 5000;
  for (CommitSequence round = 1; round <= kRounds; ++round) {
    progress.settle_failed(2 * round - 1);
    progress.settle(2 * round);
  }
  for (CommitSequence round = 1; round <= kRounds; ++round) {
    CHECK_FALSE(progress.wait(2 * round - 1).has_value());
  }
  CHECK(progress.wait(2 * kRounds).has_value());
}

TEST_CASE("outcome: nothing until it is settled, then the same as wait") {
  CommitProgress progress;
  CHECK_FALSE(progress.outcome(1).has_value());
  progress.settle(1);
  progress.settle_failed(2);
  CHECK(progress.outcome(1).value().has_value());
  CHECK(progress.outcome(2).value().error().code == Errc::kUnavailable);
  CHECK_FALSE(progress.outcome(3).has_value());
}

TEST_CASE("watch_settled: the listener finds the outcome there, and an empty one ends it") {
  CommitProgress progress;
  std::vector<CommitSequence> seen;
  progress.watch_settled([&] { seen.push_back(progress.settled()); });
  progress.settle(2);
  progress.settle_failed(3);
  progress.watch_settled({});
  progress.settle(4);
  CHECK(seen == std::vector<CommitSequence>{2, 3});
}

TEST_CASE("wait: every waiter is woken, with its own answer") {
  CommitProgress progress;
  constexpr CommitSequence kWaiters = 48;
  std::vector<int> durable(kWaiters + 1, -1);
  {
    std::vector<std::jthread> waiters;
    for (CommitSequence sequence = 1; sequence <= kWaiters; ++sequence) {
      waiters.emplace_back([&, sequence] { durable[sequence] = progress.wait(sequence).has_value() ? 1 : 0; });
    }
    progress.settle(kWaiters / 3);
    progress.settle_failed(2 * kWaiters / 3);
    progress.settle(kWaiters);
  }
  for (CommitSequence sequence = 1; sequence <= kWaiters; ++sequence) {
    const bool failed = sequence > kWaiters / 3 && sequence <= 2 * kWaiters / 3;
    CAPTURE(sequence);
    CHECK(durable[sequence] == (failed ? 0 : 1));
  }
}

}  // namespace
}  // namespace disposable
