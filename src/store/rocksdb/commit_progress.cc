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
    const MutexLock lock(waiters_mutex_);
    while (settled() < sequence) {
      advanced_.wait(waiters_mutex_);
    }
  }
  return *outcome(sequence);
}

std::optional<Result<void>> CommitProgress::outcome(CommitSequence sequence) {
  if (settled() < sequence) {
    return std::nullopt;
  }
  if (any_failure_.load(std::memory_order_relaxed) && failed(sequence)) {
    return Result<void>(fail(Errc::kUnavailable, "the outcome of the commit is unknown"));
  }
  return Result<void>{};
}

void CommitProgress::watch_settled(std::function<void()> listener) {
  const MutexLock lock(listener_mutex_);
  listener_ = std::move(listener);
}

void CommitProgress::advance(CommitSequence last) {
  {
    const MutexLock lock(waiters_mutex_);
    settled_.store(last, std::memory_order_release);
  }
  advanced_.notify_all();
  const MutexLock lock(listener_mutex_);
  if (listener_) {
    listener_();
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
