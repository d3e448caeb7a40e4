#include "webhook/back_off.h"

#include <algorithm>
#include <array>

#include "core/delivery_queue.h"

namespace disposable {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<seconds, 8> kDelays{seconds{5},  seconds{30}, minutes{2}, minutes{10},
                                         minutes{30}, hours{1},    hours{3},   hours{6}};
// Or the queue would take what waits for what a clock that was ahead has left.
static_assert(kDelays.back() + kDelays.back() / 10 < kPauseMost && kRetryAfterMost < kPauseMost);

milliseconds delay_after(int failures) {
  const auto step = static_cast<std::size_t>(std::max(failures, 1) - 1);
  return kDelays[std::min(step, kDelays.size() - 1)];
}

milliseconds a_little_longer(milliseconds delay, Random& random) {
  constexpr std::int64_t kShare = 10;
  std::array<std::uint8_t, 4> drawn{};
  random.fill(drawn);
  const std::uint32_t chance = ByteReader(drawn).u32();
  return delay + milliseconds(chance % (delay.count() / kShare + 1));
}

}  // namespace

std::optional<WallTime> next_attempt(WallTime event, WallTime now, int failures, seconds retry_after, Random& random) {
  const milliseconds wanted = std::min(retry_after, kRetryAfterMost);
  const WallTime next = now + std::max(a_little_longer(delay_after(failures), random), wanted);
  return next - event > kDeliveryLife ? std::nullopt : std::optional(next);
}

milliseconds rest_after(int failures, Random& random) {
  return a_little_longer(std::min<milliseconds>(delay_after(failures), kRestMost), random);
}

}  // namespace disposable
