// Goal: what failed is tried again in time, at growing distances, and for three days. Method: a table, and chance at
// its ends.

#include "webhook/back_off.h"

#include <doctest/doctest.h>

#include "support/fakes.h"

namespace disposable {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime kEvent{milliseconds{1'790'000'000'000}};

class SameRandom final : public Random {
 public:
  explicit SameRandom(std::uint8_t byte) : byte_(byte) {}
  void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), byte_); }

 private:
  std::uint8_t byte_;
};

TEST_CASE("back-off: the table, and at most a tenth more") {
  const std::vector<seconds> delays = {seconds{5}, seconds{30}, minutes{2}, minutes{10}, minutes{30},
                                       hours{1},   hours{3},    hours{6},   hours{6},    hours{6}};
  SameRandom least(0);
  SeededRandom random(1);
  for (std::size_t i = 0; i < delays.size(); ++i) {
    CAPTURE(i);
    const int failures = static_cast<int>(i) + 1;
    CHECK(next_attempt(kEvent, kEvent, failures, seconds{0}, least) == kEvent + delays[i]);
    for (int draw = 0; draw < 50; ++draw) {
      const WallTime next = next_attempt(kEvent, kEvent, failures, seconds{0}, random).value();
      CHECK(next >= kEvent + delays[i]);
      CHECK(next <= kEvent + delays[i] + milliseconds(delays[i]) / 10);
    }
  }
}

TEST_CASE("back-off: three days after the event it is over") {
  SameRandom least(0);
  const WallTime last = kEvent + kDeliveryLife - hours{6};
  CHECK(next_attempt(kEvent, last, 20, seconds{0}, least) == kEvent + kDeliveryLife);
  CHECK_FALSE(next_attempt(kEvent, last + milliseconds{1}, 20, seconds{0}, least));
  CHECK_FALSE(next_attempt(kEvent, kEvent + kDeliveryLife, 1, seconds{0}, least));
}

TEST_CASE("back-off: all attempts of one delivery are few, and fill the three days") {
  SameRandom least(0);
  int attempts = 1;
  WallTime now = kEvent;
  while (const std::optional<WallTime> next = next_attempt(kEvent, now, attempts, seconds{0}, least)) {
    now = *next;
    ++attempts;
  }
  CHECK(attempts == 19);
  CHECK(now > kEvent + kDeliveryLife - hours{6});
}

TEST_CASE("back-off: a receiver can ask for a longer pause, up to an hour, and for no shorter one") {
  SameRandom least(0);
  CHECK(next_attempt(kEvent, kEvent, 1, seconds{1}, least) == kEvent + seconds{5});
  CHECK(next_attempt(kEvent, kEvent, 1, minutes{20}, least) == kEvent + minutes{20});
  CHECK(next_attempt(kEvent, kEvent, 1, hours{100'000}, least) == kEvent + hours{1});
  CHECK(next_attempt(kEvent, kEvent, 7, hours{2}, least) == kEvent + hours{3});
}

TEST_CASE("back-off: a place rests for a minute at most") {
  SameRandom least(0);
  CHECK(rest_after(1, least) == seconds{5});
  CHECK(rest_after(2, least) == seconds{30});
  CHECK(rest_after(3, least) == seconds{60});
  CHECK(rest_after(1000, least) == seconds{60});
}

}  // namespace
}  // namespace disposable
