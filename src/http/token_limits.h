// TokenLimits: how much may be created with each token, whoever shows it and from wherever, its own machine included.
//
// Each token with a limit has buckets of its own, whose debts outlive a reload. Thread-safe. Time is an argument.
// Borrows the LimitHits, which must outlive it; every refusal is counted there.

#pragma once

#include <map>
#include <memory>
#include <string>

#include "http/admission.h"
#include "http/creators.h"

namespace disposable {

class TokenLimits {
 public:
  using Time = Admission::Time;

  TokenLimits(const ShortHashKey& key, LimitHits& hits) : key_(key), hits_(hits) {}

  // What tokens that stay have used up still counts.
  void configure(const CreatorTokens& tokens);

  // What a creation counts as.
  struct Size {
    std::uint64_t body_bytes = 0;
    std::uint64_t promised_bytes = 0;  // what others may store because of it; at most as much as the token's whole day
  };
  // Before the body of a creation is read. When it may go on, one creation and the bytes are taken; when not,
  // nothing is. A token that is not there any more is refused.
  Admission::Verdict admit_create(const std::string& id, Size size, Time now);
  // A creation that was admitted stored nothing: its bytes are given back.
  void refund_create(const std::string& id, Size size, Time now);

 private:
  struct Buckets {
    std::unique_ptr<TokenBuckets> creates;  // null: no limit
    std::unique_ptr<TokenBuckets> bytes;    // null: no limit
    std::uint64_t bytes_per_day = 0;

    double cost(Size size) const;
  };

  const ShortHashKey key_;
  LimitHits& hits_;
  Mutex mutex_;
  std::map<std::string, Buckets> tokens_ GUARDED_BY(mutex_);  // by id
};

}  // namespace disposable
