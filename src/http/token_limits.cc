#include "http/token_limits.h"

#include <algorithm>

namespace disposable {

namespace {

// The smallest table there is: one token uses one slot of it.
constexpr std::size_t kSlots = 2 * TokenBuckets::kWays;
constexpr ClientPrefix kOnly{};

void set(std::unique_ptr<TokenBuckets>& buckets, const Rate& rate, const ShortHashKey& key) {
  if (rate.burst <= 0) {
    buckets.reset();
  } else if (buckets == nullptr) {
    buckets = std::make_unique<TokenBuckets>(rate, key, kSlots);
  } else {
    buckets->set_rate(rate);
  }
}

}  // namespace

double TokenLimits::Buckets::cost(Size size) const {
  return static_cast<double>(std::max(size.body_bytes, std::min(size.promised_bytes, bytes_per_day)));
}

void TokenLimits::configure(const CreatorTokens& tokens) {
  std::map<std::string, Buckets> next;
  const MutexLock lock(mutex_);
  for (const CreatorToken& token : tokens.all()) {
    Buckets& buckets = next[token.id];
    if (const auto before = tokens_.find(token.id); before != tokens_.end()) {
      buckets = std::move(before->second);
    }
    const auto creates = static_cast<double>(token.creates_per_minute);
    set(buckets.creates, {creates, creates}, key_);
    set(buckets.bytes, byte_rate(token.bytes_per_day), key_);
    buckets.bytes_per_day = token.bytes_per_day;
  }
  tokens_ = std::move(next);
}

Admission::Verdict TokenLimits::admit_create(const std::string& id, Size size, Time now) {
  const MutexLock lock(mutex_);
  const auto found = tokens_.find(id);
  if (found == tokens_.end()) {
    return Refusal{Limit::kTokenCreates, std::chrono::seconds{1}};
  }
  const Buckets& buckets = found->second;
  if (buckets.bytes != nullptr && size.body_bytes > buckets.bytes_per_day) {
    hits_.count(Limit::kTokenBytes);
    return Refusal{Limit::kTokenBytes, {}, /*never=*/true};
  }
  TokenBuckets::Wait wait = buckets.creates == nullptr ? std::nullopt : buckets.creates->take(kOnly, 1, now);
  Limit limit = Limit::kTokenCreates;
  if (!wait && buckets.bytes != nullptr) {
    limit = Limit::kTokenBytes;
    wait = buckets.bytes->take(kOnly, buckets.cost(size), now);
    if (wait && buckets.creates != nullptr) {
      buckets.creates->refund(kOnly, 1, now);
    }
  }
  if (!wait) {
    return std::nullopt;
  }
  hits_.count(limit);
  return Refusal{limit, *wait};
}

void TokenLimits::refund_create(const std::string& id, Size size, Time now) {
  const MutexLock lock(mutex_);
  const auto found = tokens_.find(id);
  if (found != tokens_.end() && found->second.bytes != nullptr) {
    found->second.bytes->refund(kOnly, found->second.cost(size), now);
  }
}

}  // namespace disposable
