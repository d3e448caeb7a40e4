// How much strangers may store, so that they cannot fill the disk: over it inserts are refused with kStorageFull, and
// retrievals and deletions, which free space in the end, go on. Can be changed while a store runs.

#pragma once

#include <cstdint>

namespace disposable {

struct StorageLimits {
  std::uint64_t stored_bytes_max = 8ULL << 30U;     // of all payloads, also of spent ones that are still kept
  std::uint64_t disk_reserve_bytes = 32ULL << 20U;  // to be left free on the disk; nothing to a store without one
};

}  // namespace disposable
