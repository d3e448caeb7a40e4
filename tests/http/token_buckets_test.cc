// Goal: a bucket gives its burst and its rate and not a token more, however many prefixes crowd its table. Method: a
// clock that the test sets.

#include "http/token_buckets.h"

#include <doctest/doctest.h>

namespace disposable {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ShortHashKey kKey{1, 2, 3};
constexpr TokenBuckets::Time kStart{std::chrono::hours(1000)};
constexpr std::size_t kSmallest = 2 * TokenBuckets::kWays;  // one set for v4 and one for v6

ClientPrefix v4(std::uint64_t number) { return {number, /*is_v4=*/true}; }
// The /64 `number` of the /48 `site`.
ClientPrefix v6(std::uint64_t site, std::uint64_t number) { return {site << 16U | number, /*is_v4=*/false}; }

// How many single tokens there are at once.
int drain(TokenBuckets& buckets, ClientPrefix prefix, TokenBuckets::Time now) {
  int taken = 0;
  while (taken < 100'000 && !buckets.take(prefix, 1, now)) {
    ++taken;
  }
  return taken;
}

}  // namespace

TEST_CASE("buckets: the burst at once, then the rate, then no more than the burst again") {
  TokenBuckets buckets({.burst = 5, .per_minute = 30}, kKey, kSmallest);
  CHECK(drain(buckets, v4(1), kStart) == 5);
  CHECK(drain(buckets, v4(1), kStart + milliseconds(1999)) == 0);
  CHECK(drain(buckets, v4(1), kStart + seconds(2)) == 1);
  CHECK(drain(buckets, v4(1), kStart + seconds(8)) == 3);
  CHECK(drain(buckets, v4(1), kStart + std::chrono::hours(24)) == 5);
  CHECK(drain(buckets, v4(2), kStart + seconds(8)) == 5);
}

TEST_CASE("buckets: the wait is enough, and a second less is not") {
  for (const double per_minute : {0.5, 1.0, 7.0, 10.0, 30.0, 59.0, 61.0, 590.0}) {
    for (const double cost : {1.0, 2.5, 10.0}) {
      CAPTURE(per_minute);
      CAPTURE(cost);
      TokenBuckets buckets({.burst = 10, .per_minute = per_minute}, kKey, kSmallest);
      REQUIRE_FALSE(buckets.take(v4(1), 9.5, kStart));
      const auto now = kStart + milliseconds(13);
      const TokenBuckets::Wait wait = buckets.take(v4(1), cost, now);
      REQUIRE(wait);
      CHECK(*wait >= seconds(1));
      if (*wait > seconds(1)) {
        CHECK(buckets.probe(v4(1), cost, now + *wait - seconds(1)));
      }
      CHECK_FALSE(buckets.take(v4(1), cost, now + *wait));
    }
  }
}

TEST_CASE("buckets: a retry after the wait succeeds, thousands of times over") {
  constexpr double kDayOfBytes = double{1ULL << 40U};
  TokenBuckets buckets({.burst = kDayOfBytes, .per_minute = kDayOfBytes / 1440}, kKey, kSmallest);
  auto now = kStart;
  REQUIRE_FALSE(buckets.take(v4(1), kDayOfBytes, now));
  for (int i = 0; i < 5000; ++i) {
    const double cost = 1e9 + i * 7919.0;
    const TokenBuckets::Wait wait = buckets.take(v4(1), cost, now);
    if (wait) {
      now += *wait;
      REQUIRE_FALSE(buckets.take(v4(1), cost, now));
    }
  }
}

TEST_CASE("buckets: a probe takes nothing and answers as the take behind it") {
  TokenBuckets buckets({.burst = 3, .per_minute = 30}, kKey, kSmallest);
  for (int i = 0; i < 100; ++i) {
    CHECK_FALSE(buckets.probe(v4(1), 3, kStart));
  }
  CHECK_FALSE(buckets.take(v4(1), 2, kStart));
  CHECK(buckets.probe(v4(1), 3, kStart) == seconds(4));
  CHECK(buckets.take(v4(1), 3, kStart) == seconds(4));
  CHECK_FALSE(buckets.take(v4(1), 1, kStart));
}

TEST_CASE("buckets: what costs more than the burst never goes, and its wait is that of an empty bucket") {
  TokenBuckets buckets({.burst = 10, .per_minute = 60}, kKey, kSmallest);
  CHECK(buckets.take(v4(1), 10.5, kStart) == seconds(10));
  CHECK_FALSE(buckets.take(v4(1), 10, kStart));
  CHECK(buckets.take(v4(1), 1e300, kStart) == seconds(10));
  TokenBuckets none({.burst = 0, .per_minute = 1}, kKey, kSmallest);
  CHECK(none.take(v4(1), 1, kStart) == seconds(1));
  TokenBuckets slow({.burst = 1, .per_minute = 1e-300}, kKey, kSmallest);
  CHECK_FALSE(slow.take(v4(1), 1, kStart));
  CHECK(slow.take(v4(1), 1, kStart) == std::chrono::hours(366 * 24));
}

TEST_CASE("buckets: what is spent already is charged, to twice the burst at most") {
  TokenBuckets buckets({.burst = 10, .per_minute = 60}, kKey, kSmallest);
  for (int i = 0; i < 15; ++i) {
    buckets.charge(v4(1), 1, kStart);
  }
  CHECK(buckets.probe(v4(1), 1, kStart) == seconds(6));
  buckets.charge(v4(1), 1e12, kStart);
  CHECK(buckets.probe(v4(1), 1, kStart) == seconds(11));
  CHECK_FALSE(buckets.probe(v4(1), 1, kStart + seconds(11)));
}

TEST_CASE("buckets: what is given back can be taken again, and nothing on top") {
  TokenBuckets buckets({.burst = 10, .per_minute = 60}, kKey, kSmallest);
  CHECK_FALSE(buckets.take(v4(1), 10, kStart));
  buckets.refund(v4(1), 4, kStart);
  CHECK(drain(buckets, v4(1), kStart) == 4);
  buckets.refund(v4(1), 10, kStart + seconds(5));
  CHECK(drain(buckets, v4(1), kStart + seconds(5)) == 10);
  buckets.refund(v4(2), 10, kStart);
  CHECK(drain(buckets, v4(2), kStart) == 10);
}

TEST_CASE("buckets: the rate changes while they run; what was taken still counts") {
  TokenBuckets buckets({.burst = 10, .per_minute = 60}, kKey, kSmallest);
  CHECK_FALSE(buckets.take(v4(1), 8, kStart));
  buckets.set_rate({.burst = 20, .per_minute = 60});
  CHECK(drain(buckets, v4(1), kStart) == 12);
  buckets.set_rate({.burst = 5, .per_minute = 30});
  CHECK(buckets.take(v4(1), 1, kStart) == seconds(12));  // from a debt of twice the burst
  CHECK(drain(buckets, v4(1), kStart + seconds(12)) == 1);
  buckets.set_rate({.burst = 5, .per_minute = 0});
  CHECK(drain(buckets, v4(1), kStart) == 100'000);
  buckets.charge(v4(1), 1000, kStart);
  buckets.set_rate({.burst = 5, .per_minute = 60});
  CHECK(drain(buckets, v4(1), kStart + std::chrono::hours(1)) == 5);
}

TEST_CASE("buckets: a time before an earlier one gives nothing and costs nothing") {
  TokenBuckets buckets({.burst = 2, .per_minute = 60}, kKey, kSmallest);
  CHECK_FALSE(buckets.take(v4(1), 1, kStart + seconds(10)));
  CHECK_FALSE(buckets.take(v4(1), 1, kStart));
  CHECK(buckets.probe(v4(1), 1, kStart));
  CHECK_FALSE(buckets.probe(v4(1), 1, kStart + seconds(11)));
  CHECK(drain(buckets, v4(1), kStart + seconds(12)) == 2);
}

TEST_CASE("table: in a crowd, all prefixes together get what its slots give, and newcomers wait for the least debt") {
  TokenBuckets buckets({.burst = 4, .per_minute = 60}, kKey, kSmallest);
  int taken = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    taken += drain(buckets, v4(i), kStart);
  }
  CHECK(taken == 4 * TokenBuckets::kWays);
  CHECK(buckets.probe(v4(99'999), 1, kStart) == seconds(1));
  CHECK_FALSE(buckets.probe(v4(99'999), 1, kStart + seconds(1)));
  // Each slot has one more token each second, whoever asks.
  taken = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    taken += drain(buckets, v4(i), kStart + seconds(3));
  }
  CHECK(taken == 3 * TokenBuckets::kWays);
}

TEST_CASE("table: a crowd does not wash off a debt") {
  TokenBuckets buckets({.burst = 100, .per_minute = 60}, kKey, kSmallest);
  CHECK(drain(buckets, v4(1), kStart) == 100);
  // Others come and go with a token each, far more of them than there are slots.
  for (std::uint64_t i = 2; i < 500; ++i) {
    CHECK_FALSE(buckets.take(v4(i), 1, kStart));
  }
  CHECK(buckets.probe(v4(1), 1, kStart));
  // Even one that was pushed out for being the least does not gain by it.
  TokenBuckets full({.burst = 10, .per_minute = 60}, kKey, kSmallest);
  for (std::uint64_t i = 0; i < TokenBuckets::kWays; ++i) {
    CHECK_FALSE(full.take(v4(i), i == 0 ? 6 : 7, kStart));
  }
  CHECK_FALSE(full.take(v4(99), 3, kStart));
  CHECK(full.probe(v4(0), 4, kStart));
}

TEST_CASE("table: slots without debt are free, so that yesterday's crowd is in nobody's way") {
  TokenBuckets buckets({.burst = 4, .per_minute = 60}, kKey, kSmallest);
  for (std::uint64_t day = 0; day < 100; ++day) {
    for (std::uint64_t i = 0; i < TokenBuckets::kWays; ++i) {
      CHECK(drain(buckets, v4(day * 1000 + i), kStart + std::chrono::hours(day)) == 4);
    }
  }
}

TEST_CASE("table: all of a /48 gets the buckets of one set; other sites and v4 are not touched") {
  TokenBuckets buckets({.burst = 4, .per_minute = 60}, kKey);
  int taken = 0;
  for (std::uint64_t i = 0; i < 65'536; ++i) {
    taken += drain(buckets, v6(0x2001'0db8'0001, i), kStart);
  }
  CHECK(taken == 4 * TokenBuckets::kWays);
  CHECK(drain(buckets, v6(0x2001'0db8'0002, 0), kStart) == 4);
  CHECK(drain(buckets, v4(0), kStart) == 4);
}

TEST_CASE("table: a flood from the whole of v6 leaves every v4 client its bucket") {
  TokenBuckets buckets({.burst = 2, .per_minute = 60}, kKey);
  int taken = 0;
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    taken += drain(buckets, v6(0x2001'0000'0000 + i, i % 65'536), kStart);
  }
  CHECK(taken <= static_cast<int>(TokenBuckets::kSlotsDefault));  // half of the slots, two tokens each
  CHECK(taken > static_cast<int>(TokenBuckets::kSlotsDefault * 9 / 10));
  for (std::uint64_t i = 0; i < 1000; ++i) {
    CHECK(drain(buckets, v4(0xC000'0200 + i * 7919), kStart) == 2);
  }
}

TEST_CASE("table: ten thousand v4 clients at once have a bucket each") {
  TokenBuckets buckets({.burst = 2, .per_minute = 60}, kKey);
  int refused = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    refused += drain(buckets, v4(0xC633'6400 + i), kStart) == 2 ? 0 : 1;
  }
  CHECK(refused < 10);  // sets fill unevenly: in about one of a hundred tables a few have more than kWays
}

TEST_CASE("table: who shares a set depends on the key") {
  // Of two sets, 64 neighbours of 10 sets' worth fall differently under another key.
  const auto places = [](const ShortHashKey& key) {
    TokenBuckets buckets({.burst = 1, .per_minute = 60}, key, 4 * TokenBuckets::kWays);
    std::string refused;
    for (std::uint64_t i = 0; i < 64; ++i) {
      refused += buckets.take(v4(i), 1, kStart) ? '1' : '0';
    }
    return refused;
  };
  CHECK(places(kKey) == places(kKey));
  CHECK(places(kKey) != places({9, 9, 9}));
}

}  // namespace disposable
