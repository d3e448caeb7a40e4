#include "store/rocksdb/commit_progress.h"

#include <algorithm>

namespace disposable {

namespace {

// When more failures than this are remembered, the two oldest become one, with the successes between them: somebody who
// asks about one of those a thousand outages late is told "unknown" once too often, never "durable" once too often.
constexpr std::size_t kFailuresMax = 1024;

}  // namespace

void CommitProgress::settle(CommitSequence last) { advance(last); }

void CommitProgress::settle_failed(CommitSequence last) {
  const CommitSequence first = settled() + 1;
  if (last < first) {
    return;
  }
  {
    const MutexLock lock(failures_mutex_);
    if (!failures_.empty() && failures_.back().last + 1 == first) {
      failures_.back().last = last;
    } else {
      failures_.push_back({first, last});
    }
    if (failures_.size() > kFailuresMax) {
      failures_[1].first = failures_[0].first;
      failures_.pop_front();
    }
    any_failure_.store(true, std::memory_order_relaxed);  // published by advance()
  }
  advance(last);
}

Result<void> CommitProgress::wait(CommitSequence sequence) {
  if (settled() < sequence) {
    constexpr std::chrono::seconds kLook{1};
    Shard& shard = shards_[sequence % kShards];
    const MutexLock lock(shard.mutex);
    ++shard.waiting;
    while (settled() < sequence) {
      shard.settled.wait_for(shard.mutex, kLook);
    }
    --shard.waiting;
  }
  if (any_failure_.load(std::memory_order_relaxed) && failed(sequence)) {
    return fail(Errc::kUnavailable, "the outcome of the commit is unknown");
  }
  return {};
}

void CommitProgress::advance(CommitSequence last) {
  const CommitSequence first = settled() + 1;
  settled_.store(last, std::memory_order_release);
  // Only shards that the newly settled sequences can wait in.
  const CommitSequence count = std::min<CommitSequence>(last + 1 - first, kShards);
  for (CommitSequence i = 0; i < count; ++i) {
    Shard& shard = shards_[(first + i) % kShards];
    bool waiting = false;
    {
      const MutexLock lock(shard.mutex);
      waiting = shard.waiting > 0;
    }
    if (waiting) {
      shard.settled.notify_all();
    }
  }
}

bool CommitProgress::failed(CommitSequence sequence) {
  const MutexLock lock(failures_mutex_);
  for (const Failure& failure : failures_) {
    if (failure.first <= sequence && sequence <= failure.last) {
      return true;
    }
  }
  return false;
}

}  // namespace disposable
