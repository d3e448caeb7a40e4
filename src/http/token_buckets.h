// TokenBuckets: one token bucket for each client prefix, in a table whose size never changes.
//
// A bucket holds `burst` tokens, refilled at `per_minute`. What is kept is the debt, the tokens taken and not yet
// refilled: a slot without debt is a free slot. The table is set-associative: a prefix belongs to one set of kWays
// slots, and takes there the slot of its own or, when it has none, the slot with the least debt, *with that debt*. So
// when more than kWays prefixes of one set are in debt, newcomers share buckets. From that follows, whatever is sent:
//
//   - memory and work per call are constant;
//   - no prefix gets more than one bucket gives: who is pushed out finds no smaller debt when it comes back (but for
//     what others were given back meanwhile);
//   - all prefixes together never get more than the table's buckets give;
//   - v6 prefixes choose their set by their /48, the smallest block that is routed: whoever owns one, and so 65,536
//     prefixes, gets kWays buckets and no more;
//   - v4 and v6 have sets of their own, so that v6 prefixes, of which there are so many, cannot crowd out v4 clients;
//   - sets are chosen by a keyed hash, so that nobody can aim at another client's set.
//
// The price: a newcomer in a set full of deeply indebted slots is refused until the least of them has recovered. Who
// wants that for all v6 clients needs thousands of /48 blocks and has to keep all their buckets empty. Customers of a
// carrier in one /48 share its kWays buckets, as those behind one v4 address share one.
//
// Thread-compatible. Time is an argument; a time before an earlier one counts as that one.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "crypto/short_hash.h"
#include "http/limits.h"

namespace disposable {

class TokenBuckets {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // Seconds, rounded up and at least 1, until the tokens will be there, if nobody else takes them. For a cost above
  // `burst`, which will never be there: the time that an empty bucket takes to fill.
  using Wait = std::optional<std::chrono::seconds>;

  static constexpr std::size_t kWays = 16;
  static constexpr std::size_t kSlotsDefault = 65'536;  // 1.5 MiB

  // `slots` is a multiple of 2 * kWays.
  TokenBuckets(const Rate& rate, const ShortHashKey& key, std::size_t slots = kSlotsDefault);

  // Debts stay; they are refilled at the new rate from their last change on.
  void set_rate(const Rate& rate);

  // Nothing when `cost` tokens were taken; otherwise none were.
  Wait take(ClientPrefix prefix, double cost, Time now);
  // What take() would answer.
  Wait probe(ClientPrefix prefix, double cost, Time now) const;
  // Takes tokens that are already spent, also when they are not there. So that nobody is shut out for ever, a debt
  // counts to twice the burst at most.
  void charge(ClientPrefix prefix, double cost, Time now);
  // Gives back what was taken. What another prefix has taken over meanwhile is not given back.
  void refund(ClientPrefix prefix, double cost, Time now);

 private:
  struct Slot {
    std::uint64_t prefix_bits = 0;  // a free slot may look like that of prefix 0: without debt they are the same
    double debt = 0;                // at `changed`
    Time changed{};
  };

  bool unlimited() const { return !(per_second_ > 0); }
  std::size_t first_slot(ClientPrefix prefix) const;
  // The prefix's own slot, or the one in its set that it takes over.
  std::size_t find(ClientPrefix prefix, Time now) const;
  double debt_at(const Slot& slot, Time now) const;
  Wait wait(double debt, double cost) const;
  void store(Slot& slot, ClientPrefix prefix, double debt, Time now) const;

  ShortHashKey key_;
  double burst_ = 0;
  double per_second_ = 0;
  std::vector<Slot> slots_;  // the first half for v4
};

}  // namespace disposable
