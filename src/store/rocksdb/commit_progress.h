// CommitProgress: which commit sequences are durable, which failed, and those who wait to know.
//
// Sequences are settled in order. Thread-safe; settling belongs to the committer's thread.

#pragma once

#include <array>
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

 private:
  // Waiters are spread over shards, so that hundreds of them do not wake up to queue for one mutex.
  static constexpr std::size_t kShards = 256;
  struct Shard {
    Mutex mutex;
    CondVar settled;
    std::size_t waiting GUARDED_BY(mutex) = 0;
  };
  struct Failure {
    CommitSequence first = 0;
    CommitSequence last = 0;
  };

  void advance(CommitSequence last);
  bool failed(CommitSequence sequence);

  std::atomic<CommitSequence> settled_{0};
  std::array<Shard, kShards> shards_;

  std::atomic<bool> any_failure_{false};
  Mutex failures_mutex_;
  std::deque<Failure> failures_ GUARDED_BY(failures_mutex_);
};

}  // namespace disposable
