// StopSignal: how the process is told to end: SIGTERM or SIGINT, or a part of it that cannot go on.

#pragma once

#include <cstdint>

#include "base/file_descriptor.h"

namespace disposable {

enum class StopReason : std::uint8_t { kSignal, kFailure };

// Construct on the main thread before any other thread exists: it blocks the signals for all of them, so that no code
// ever runs in a signal handler. SIGPIPE is blocked too: a closed connection is an error of write().
class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Blocks until either happens. Main thread only.
  StopReason wait();
  // Ends wait() with kFailure. Thread-safe.
  void report_failure();

 private:
  FileDescriptor signals_;
  FileDescriptor failure_;
};

}  // namespace disposable
