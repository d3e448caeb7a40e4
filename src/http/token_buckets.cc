#include "http/token_buckets.h"

#include <algorithm>
#include <cmath>

namespace disposable {

namespace {

// Of the burst. Rounding of doubles must not cost anybody a token that is due; a billionth of a bucket is no gain.
constexpr double kRounding = 1e-9;
constexpr double kWaitSecondsMax = 366.0 * 86'400;  // keeps what is converted to an integer in its range
constexpr unsigned kSiteShift = 16;                 // from a /64 to its /48

}  // namespace

TokenBuckets::TokenBuckets(const Rate& rate, const ShortHashKey& key, std::size_t slots) : key_(key), slots_(slots) {
  check(slots > 0 && slots % (2 * kWays) == 0, "the table consists of whole sets, half of them for v4");
  set_rate(rate);
}

void TokenBuckets::set_rate(const Rate& rate) {
  burst_ = rate.burst;
  per_second_ = rate.per_minute / 60;
}

TokenBuckets::Wait TokenBuckets::take(ClientPrefix prefix, double cost, Time now) {
  if (unlimited()) {
    return std::nullopt;
  }
  Slot& slot = slots_[find(prefix, now)];
  const double debt = debt_at(slot, now);
  const Wait refused = wait(debt, cost);
  if (!refused) {
    store(slot, prefix, debt + cost, now);
  }
  return refused;
}

TokenBuckets::Wait TokenBuckets::probe(ClientPrefix prefix, double cost, Time now) const {
  return unlimited() ? std::nullopt : wait(debt_at(slots_[find(prefix, now)], now), cost);
}

void TokenBuckets::charge(ClientPrefix prefix, double cost, Time now) {
  if (!unlimited()) {
    Slot& slot = slots_[find(prefix, now)];
    store(slot, prefix, debt_at(slot, now) + cost, now);
  }
}

void TokenBuckets::refund(ClientPrefix prefix, double cost, Time now) {
  Slot& slot = slots_[find(prefix, now)];
  if (!unlimited() && slot.prefix_bits == prefix.bits) {
    store(slot, prefix, std::max(debt_at(slot, now) - cost, 0.0), now);
  }
}

std::size_t TokenBuckets::first_slot(ClientPrefix prefix) const {
  const std::uint64_t site = prefix.is_v4 ? prefix.bits : prefix.bits >> kSiteShift;
  const ByteView bytes{reinterpret_cast<const std::uint8_t*>(&site), sizeof site};
  const std::size_t half = slots_.size() / 2;
  const std::size_t set = short_hash(key_, bytes) % (half / kWays);
  return set * kWays + (prefix.is_v4 ? 0 : half);
}

std::size_t TokenBuckets::find(ClientPrefix prefix, Time now) const {
  const std::size_t first = first_slot(prefix);
  std::size_t best = first;
  double least = debt_at(slots_[first], now);
  for (std::size_t i = first; i < first + kWays; ++i) {
    if (slots_[i].prefix_bits == prefix.bits) {
      return i;
    }
    const double debt = debt_at(slots_[i], now);
    if (debt < least) {
      best = i;
      least = debt;
    }
  }
  return best;
}

double TokenBuckets::debt_at(const Slot& slot, Time now) const {
  const double elapsed = std::chrono::duration<double>(std::max(now, slot.changed) - slot.changed).count();
  return std::max(std::min(slot.debt, 2 * burst_) - elapsed * per_second_, 0.0);
}

TokenBuckets::Wait TokenBuckets::wait(double debt, double cost) const {
  const double missing = (cost > burst_ ? burst_ : debt + cost - burst_) - kRounding * burst_;
  if (cost <= burst_ && missing <= 0) {
    return std::nullopt;
  }
  const double seconds = std::ceil(missing / per_second_);
  return std::chrono::seconds(static_cast<std::int64_t>(std::clamp(seconds, 1.0, kWaitSecondsMax)));
}

void TokenBuckets::store(Slot& slot, ClientPrefix prefix, double debt, Time now) const {
  slot = {prefix.bits, debt, std::max(now, slot.changed)};
}

}  // namespace disposable
