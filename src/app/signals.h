// Signals: how the process is told to end or to read its configuration again: SIGTERM or SIGINT, SIGHUP, or a part of
// it that cannot go on.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/file_descriptor.h"

namespace disposable {

enum class Wake : std::uint8_t {
  kStop,     // SIGTERM or SIGINT
  kReload,   // SIGHUP; several before the wait are one
  kFailure,  // report_failure()
  kTimeout,
};

// Construct on the main thread before any other thread exists: it blocks the signals for all of them, so that no code
// ever runs in a signal handler. SIGPIPE is blocked too: a closed connection is an error of write().
class Signals {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Blocks until something happens, or `timeout` is over. What happened meanwhile counts: first a failure, then an end,
  // which both drop a reload. Main thread only.
  Wake wait(std::optional<std::chrono::milliseconds> timeout = std::nullopt);
  // Ends this and every later wait() with kFailure. Thread-safe.
  void report_failure();

 private:
  std::optional<Wake> taken();

  FileDescriptor signals_;
  FileDescriptor failure_;
};

}  // namespace disposable
