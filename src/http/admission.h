// Admission: what a client address may do, before it is done. The rates and the byte budget of http/limits.h.
//
// The event loop asks before a request goes to a worker, so that a refusal costs no worker; what a request turned out
// to be is noted afterwards. Exempt addresses are never limited and cost one comparison; all others cost one short
// lock. Thread-safe. Time is an argument. Borrows the LimitHits, which must outlive it; every refusal is counted there.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/mutex.h"
#include "http/client_address.h"
#include "http/limit_hits.h"
#include "http/limits.h"
#include "http/token_buckets.h"

namespace disposable {

// 429 with Retry-After.
struct Refusal {
  Limit limit{};
  std::chrono::seconds retry_after{0};
  bool never = false;  // it is more than there will ever be room for: 413, and no Retry-After
};

// A day's budget at once or spread. Who uses it up at once gets it anew in the course of a day.
Rate byte_rate(std::uint64_t bytes_per_day);

class Admission {
 public:
  using Time = TokenBuckets::Time;
  // Nothing: go on.
  using Verdict = std::optional<Refusal>;

  // `key` is random and stays secret, so that nobody can aim at another address's bucket. Takes 7.5 MiB.
  Admission(const Limits& limits, const ShortHashKey& key, LimitHits& hits);

  // What addresses have used up already still counts.
  void configure(const Limits& limits);

  // Before the body of a creation is read. When it may go on, one creation and the bytes are taken; when not,
  // nothing is.
  Verdict admit_create(const ClientAddress& client, std::uint64_t body_bytes, Time now);
  // A creation that was admitted stored nothing: its bytes are given back. The creation itself is not, for it has cost
  // us work.
  void refund_create(const ClientAddress& client, std::uint64_t body_bytes, Time now);

  // Before a retrieval: refused to an address that has retrieved too much.
  Verdict admit_retrieve(const ClientAddress& client, Time now);
  // A secret was handed out (200).
  void note_retrieved(const ClientAddress& client, Time now);

  // Before whatever asks for a secret by its key: refused to an address that has missed too often.
  Verdict admit_lookup(const ClientAddress& client, Time now);
  // The lookup found nothing (404).
  void note_miss(const ClientAddress& client, Time now);

  // Before what may need a passphrase or a proof: refused to an address that has been wrong too often.
  Verdict admit_passphrase(const ClientAddress& client, Time now);
  // The passphrase or the proof was wrong (403).
  void note_wrong_passphrase(const ClientAddress& client, Time now);

 private:
  Verdict refuse(Limit limit, TokenBuckets::Wait wait);

  LimitHits& hits_;
  Mutex mutex_;
  TokenBuckets creates_ GUARDED_BY(mutex_);
  TokenBuckets bytes_ GUARDED_BY(mutex_);
  std::uint64_t address_bytes_max_ GUARDED_BY(mutex_);
  TokenBuckets retrieves_ GUARDED_BY(mutex_);
  TokenBuckets misses_ GUARDED_BY(mutex_);
  TokenBuckets wrong_passphrases_ GUARDED_BY(mutex_);
};

}  // namespace disposable
