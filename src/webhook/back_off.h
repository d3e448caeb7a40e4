// When a call that has failed is made again. Pure functions but for the chance that is given, thread-safe.

#pragma once

#include <chrono>
#include <optional>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/random.h"

namespace disposable {

// Three days after its event nobody waits for a call any more.
inline constexpr std::chrono::hours kDeliveryLife{3 * 24};
// A receiver cannot ask for a longer pause.
inline constexpr std::chrono::seconds kRetryAfterMost{3600};
// How long a place rests at most that could not be called at all, so that it is noticed soon that it can.
inline constexpr std::chrono::seconds kRestMost{60};

// After the first failure 5 s, then 30 s, 2 min, 10 min, 30 min, 1 h, 3 h, then every 6 h; each up to a tenth longer by
// chance, so that what failed together does not come back together, and not before the receiver wants it. Nothing when
// that is later than kDeliveryLife after the event. `failures` counts this one.
std::optional<WallTime> next_attempt(WallTime event, WallTime now, int failures, std::chrono::seconds retry_after,
                                     Random& random);

// The same beginning, and kRestMost from then on.
std::chrono::milliseconds rest_after(int failures, Random& random);

}  // namespace disposable
