// How many unacknowledged events a store holds before it refuses changes, so that a dead audit log cannot fill the
// disk.

#pragma once

#include <cstddef>

namespace disposable {

struct OutboxLimits {
  std::size_t creates_max = 1'000'000;  // inserts are refused from this depth on
  std::size_t changes_max = 1'100'000;  // replaces that carry events are refused too: fail closed, lose nothing
};

}  // namespace disposable
