// Goal: connections are counted exactly, the limits hold, and what is gone is forgotten.

#include "http/connection_counts.h"

#include <doctest/doctest.h>

#include <latch>
#include <thread>
#include <vector>

namespace disposable {

namespace {

constexpr ShortHashKey kKey{1, 2, 3};

ClientPrefix v4(std::uint64_t number) { return {number, /*is_v4=*/true}; }

Limits limits_of(std::size_t total, std::size_t address) {
  Limits limits;
  limits.connections_max = total;
  limits.address_connections_max = address;
  return limits;
}

}  // namespace

TEST_CASE("connections: each prefix to its limit, all together to theirs") {
  LimitHits hits;
  ConnectionCounts counts(limits_of(5, 2), kKey, hits);
  CHECK_FALSE(counts.enter(v4(1)));
  CHECK_FALSE(counts.enter(v4(1)));
  CHECK(counts.enter(v4(1)) == Limit::kAddressConnections);
  CHECK_FALSE(counts.enter(ClientPrefix{1, /*is_v4=*/false}));
  CHECK_FALSE(counts.enter(std::nullopt));
  CHECK_FALSE(counts.enter(std::nullopt));
  CHECK(counts.total() == 5);
  CHECK(counts.prefixes() == 2);
  CHECK(counts.enter(std::nullopt) == Limit::kConnections);
  CHECK(counts.enter(v4(2)) == Limit::kConnections);
  CHECK(counts.enter(v4(1)) == Limit::kAddressConnections);  // its own limit: nobody has to make room
  CHECK(counts.total() == 5);
  CHECK(counts.prefixes() == 2);
  CHECK(hits.hits(Limit::kAddressConnections) == 2);
  CHECK(hits.hits(Limit::kConnections) == 2);
}

TEST_CASE("connections: who leaves makes room and is forgotten") {
  LimitHits hits;
  ConnectionCounts counts(limits_of(2, 1), kKey, hits);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    REQUIRE_FALSE(counts.enter(v4(i)));
    CHECK(counts.enter(v4(i)));
    counts.leave(v4(i));
  }
  CHECK_FALSE(counts.enter(std::nullopt));
  counts.leave(std::nullopt);
  CHECK(counts.total() == 0);
  CHECK(counts.prefixes() == 0);
}

TEST_CASE("connections: lower limits throw nobody out and hold for those who come") {
  LimitHits hits;
  ConnectionCounts counts(limits_of(10, 10), kKey, hits);
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(counts.enter(v4(1)));
  }
  counts.configure(limits_of(10, 2));
  CHECK(counts.total() == 4);
  CHECK(counts.enter(v4(1)) == Limit::kAddressConnections);
  CHECK_FALSE(counts.enter(v4(2)));
  counts.configure(limits_of(3, 10));
  CHECK(counts.enter(v4(3)) == Limit::kConnections);
}

TEST_CASE("connections: threads that come and go at once leave exact counts") {
  constexpr int kThreads = 4;
  LimitHits hits;
  ConnectionCounts counts(limits_of(1000, 50), kKey, hits);
  std::latch start(kThreads);
  std::atomic<int> entered{0};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int i = 0; i < 100; ++i) {
        entered += counts.enter(v4(1)) ? 0 : 1;
        if (!counts.enter(v4(2))) {
          counts.leave(v4(2));
        }
      }
    });
  }
  threads.clear();
  CHECK(entered.load() == 50);
  CHECK(counts.total() == 50);
  CHECK(counts.prefixes() == 1);
  CHECK(hits.hits(Limit::kAddressConnections) == 350);
}

}  // namespace disposable
