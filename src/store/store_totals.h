// What a store holds in all. Kept up to date by every change and stored with it, so that it is exact after a crash and
// nothing has to be counted at the start. A value.

#pragma once

#include <cstdint>
#include <span>

#include "core/lifecycle.h"

namespace disposable {

struct StoreTotals {
  std::int64_t live_secrets = 0;    // created and not yet retrieved, deleted or expired
  std::uint64_t payload_bytes = 0;  // of all payloads, also of spent secrets until they are dropped

  bool operator==(const StoreTotals&) const = default;
};

// By how many a change with these events makes the live secrets more.
inline std::int64_t live_secrets_change(std::span<const Event> events) {
  std::int64_t change = 0;
  for (const Event& event : events) {
    change += live_change(event);
  }
  return change;
}

}  // namespace disposable
