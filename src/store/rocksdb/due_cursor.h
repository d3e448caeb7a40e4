// DueCursor: where a scan of the schedule may start, so that it does not step over the same removed keys every time.
//
// Invariant: no key on disk lies before the cursor. A scan moves it forward over what it has seen to be empty; a commit
// moves it back to the keys it has written. Thread-safe; one scan at a time.

#pragma once

#include <algorithm>

#include "base/mutex.h"
#include "store/rocksdb/schema.h"

namespace disposable {

class DueCursor {
 public:
  ScheduleKey begin_scan() EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    lowered_.fill(kHighest);
    return cursor_;
  }

  // The scan has found nothing before `first`. What was written while it ran, it may have missed.
  void end_scan(const ScheduleKey& first) EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    cursor_ = std::min(first, lowered_);
  }

  // `key` is on disk. Before anybody is told that it is.
  void written(const ScheduleKey& key) EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    lowered_ = std::min(lowered_, key);
    cursor_ = std::min(cursor_, key);
  }

  // Anything may be on disk.
  void reset() { written(ScheduleKey{}); }

 private:
  static constexpr std::uint8_t kHighest = 0xFF;

  Mutex mutex_;
  ScheduleKey cursor_ GUARDED_BY(mutex_){};
  ScheduleKey lowered_ GUARDED_BY(mutex_){};
};

}  // namespace disposable
