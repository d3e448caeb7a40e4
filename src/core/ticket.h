// Ticket: a change is decided, but its reply may leave only when the ticket is durable.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/result.h"

namespace disposable {

// Position of a change in the order in which a store makes changes durable; 0 means "durable already".
using CommitSequence = std::uint64_t;

// What a store tells about its commits. Thread-safe.
class Durability {
 public:
  Durability() = default;
  Durability(const Durability&) = delete;
  Durability& operator=(const Durability&) = delete;
  virtual ~Durability() = default;

  // Blocks until the change is on disk. kUnavailable when its outcome is unknown: then nothing that depends on it may
  // be revealed, and the truth is whatever the store says after it has recovered.
  virtual Result<void> wait_durable(CommitSequence sequence) = 0;

  // The same without blocking: nothing while the change is not settled.
  virtual std::optional<Result<void>> outcome(CommitSequence sequence) = 0;

  // From now on `listener` is called, on a thread of the store's, whenever changes have been settled; it must be quick
  // and not call back. One listener; an empty one ends it, and once that call has returned none is under way.
  virtual void watch_settled(std::function<void()> listener) = 0;
};

// A value; borrows the store, which must outlive it.
class Ticket {
 public:
  Ticket() = default;  // durable
  Ticket(Durability& durability, CommitSequence sequence) : durability_(&durability), sequence_(sequence) {}

  Result<void> wait() const {
    if (durability_ == nullptr || sequence_ == 0) {
      return {};
    }
    return durability_->wait_durable(sequence_);
  }
  std::optional<Result<void>> outcome() const {
    if (durability_ == nullptr || sequence_ == 0) {
      return std::make_optional<Result<void>>();  // in its place: g++ 12 with sanitizers warns wrongly of a temporary
    }
    return durability_->outcome(sequence_);
  }
  CommitSequence sequence() const { return sequence_; }

 private:
  Durability* durability_ = nullptr;
  CommitSequence sequence_ = 0;
};

// An outcome and the ticket it depends on. The outcome is decided; it may be shown only after ticket.wait() succeeds.
template <class T>
struct [[nodiscard]] Held {
  Result<T> outcome;
  Ticket ticket{};
};

}  // namespace disposable
