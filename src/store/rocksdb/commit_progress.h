// CommitProgress: which commit sequences are durable, which failed, and those who wait to know.
//
// Sequences are settled in order. Thread-safe; settling belongs to the committer's thread.

#pragma once

#include <atomic>
#include <deque>

#include "base/mutex.h"
#include "core/ticket.h"

namespace disposable {

class CommitProgress {
 public:
  // Everything up to here is durable or has failed.
  CommitSequence settled() const { return settled_.load(std::memory_order_acquire); }

  // Everything not yet settled, up to `last`, is durable.
  void settle(CommitSequence last);
  // Everything not yet settled, up to `last`, has an unknown outcome: its waiters get kUnavailable, however late.
  void settle_failed(CommitSequence last);

  // Blocks until `sequence` is settled.
  Result<void> wait(CommitSequence sequence);
  // Nothing while it is not.
  std::optional<Result<void>> outcome(CommitSequence sequence);
  // As Durability::watch_settled.
  void watch_settled(std::function<void()> listener);

 private:
  struct Failure {
    CommitSequence first = 0;
    CommitSequence last = 0;
  };

  void advance(CommitSequence last);
  bool failed(CommitSequence sequence);

  std::atomic<CommitSequence> settled_{0};
  Mutex waiters_mutex_;
  CondVar advanced_;

  Mutex listener_mutex_;  // held while the listener is called
  std::function<void()> listener_ GUARDED_BY(listener_mutex_);

  std::atomic<bool> any_failure_{false};
  Mutex failures_mutex_;
  std::deque<Failure> failures_ GUARDED_BY(failures_mutex_);
};

}  // namespace disposable
