// CommitMetrics: what the committer counts. Thread-safe.

#pragma once

#include "base/metrics.h"

namespace disposable {

inline constexpr double kOperationsBounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048};

struct CommitMetrics {
  // Of synced writes: how long one took, with its fsync, and how many operations shared it.
  Histogram sync_seconds{kSecondsBounds};
  Histogram sync_operations{kOperationsBounds};
  Counter commits;   // batches written, synced or not
  Counter failures;  // batches whose outcome is unknown
};

}  // namespace disposable
