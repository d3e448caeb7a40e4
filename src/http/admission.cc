#include "http/admission.h"

namespace disposable {

Rate byte_rate(std::uint64_t bytes_per_day) {
  constexpr double kMinutesOfDay = 24 * 60;
  const auto budget = static_cast<double>(bytes_per_day);
  return {budget, budget / kMinutesOfDay};
}

Admission::Admission(const Limits& limits, const ShortHashKey& key, LimitHits& hits)
    : hits_(hits),
      creates_(limits.creates, key),
      bytes_(byte_rate(limits.address_bytes_max), key),
      address_bytes_max_(limits.address_bytes_max),
      retrieves_(limits.retrieves, key),
      misses_(limits.misses, key),
      wrong_passphrases_(limits.wrong_passphrases, key) {}

void Admission::configure(const Limits& limits) {
  const MutexLock lock(mutex_);
  creates_.set_rate(limits.creates);
  bytes_.set_rate(byte_rate(limits.address_bytes_max));
  address_bytes_max_ = limits.address_bytes_max;
  retrieves_.set_rate(limits.retrieves);
  misses_.set_rate(limits.misses);
  wrong_passphrases_.set_rate(limits.wrong_passphrases);
}

Admission::Verdict Admission::admit_create(const ClientAddress& client, std::uint64_t body_bytes, Time now) {
  if (client.exempt) {
    return std::nullopt;
  }
  const ClientPrefix prefix = client.prefix();
  const MutexLock lock(mutex_);
  if (address_bytes_max_ > 0 && body_bytes > address_bytes_max_) {
    hits_.count(Limit::kAddressBytes);
    return Refusal{Limit::kAddressBytes, {}, /*never=*/true};
  }
  if (const TokenBuckets::Wait wait = creates_.take(prefix, 1, now)) {
    return refuse(Limit::kCreates, wait);
  }
  const TokenBuckets::Wait wait = bytes_.take(prefix, static_cast<double>(body_bytes), now);
  if (wait) {
    creates_.refund(prefix, 1, now);
  }
  return refuse(Limit::kAddressBytes, wait);
}

void Admission::refund_create(const ClientAddress& client, std::uint64_t body_bytes, Time now) {
  if (!client.exempt) {
    const MutexLock lock(mutex_);
    bytes_.refund(client.prefix(), static_cast<double>(body_bytes), now);
  }
}

Admission::Verdict Admission::admit_retrieve(const ClientAddress& client, Time now) {
  if (client.exempt) {
    return std::nullopt;
  }
  const MutexLock lock(mutex_);
  return refuse(Limit::kRetrieves, retrieves_.probe(client.prefix(), 1, now));
}

void Admission::note_retrieved(const ClientAddress& client, Time now) {
  if (!client.exempt) {
    const MutexLock lock(mutex_);
    retrieves_.charge(client.prefix(), 1, now);
  }
}

Admission::Verdict Admission::admit_lookup(const ClientAddress& client, Time now) {
  if (client.exempt) {
    return std::nullopt;
  }
  const MutexLock lock(mutex_);
  return refuse(Limit::kMisses, misses_.probe(client.prefix(), 1, now));
}

void Admission::note_miss(const ClientAddress& client, Time now) {
  if (!client.exempt) {
    const MutexLock lock(mutex_);
    misses_.charge(client.prefix(), 1, now);
  }
}

Admission::Verdict Admission::admit_passphrase(const ClientAddress& client, Time now) {
  if (client.exempt) {
    return std::nullopt;
  }
  const MutexLock lock(mutex_);
  return refuse(Limit::kWrongPassphrases, wrong_passphrases_.probe(client.prefix(), 1, now));
}

void Admission::note_wrong_passphrase(const ClientAddress& client, Time now) {
  if (!client.exempt) {
    const MutexLock lock(mutex_);
    wrong_passphrases_.charge(client.prefix(), 1, now);
  }
}

Admission::Verdict Admission::refuse(Limit limit, TokenBuckets::Wait wait) {
  if (!wait) {
    return std::nullopt;
  }
  hits_.count(limit);
  return Refusal{limit, *wait};
}

}  // namespace disposable
