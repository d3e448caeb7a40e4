// LogBuffer: the lines on their way to a descriptor that may take them slowly or not at all. Thread-safe.

#pragma once

#include <string>
#include <string_view>

#include "base/mutex.h"

namespace disposable {

class LogBuffer {
 public:
  static constexpr std::size_t kBytesMax = 1024UL * 1024;
  // On top of it for urgent lines, so that a flood of others cannot drown them.
  static constexpr std::size_t kUrgentBytesMax = 64UL * 1024;

  explicit LogBuffer(int descriptor) : descriptor_(descriptor) { waiting_.reserve(kBytesMax + kUrgentBytesMax); }

  // False when there is no room for it, and then it counts as dropped. `urgent` wakes the writer at once; other lines
  // may wait a moment for company.
  bool append(std::string_view line, bool urgent);
  // Whether more than a few lines fit again.
  bool has_room();
  // How many lines were dropped since the last call.
  std::uint64_t take_dropped();

  // Writes until finish(), then what is left; the writing thread's whole life.
  void run();

  // Ends run() once everything is written; false when that takes longer than `timeout`.
  bool finish(std::chrono::milliseconds timeout);

 private:
  bool wait_for_lines(std::string& lines);
  void write_all(std::string_view lines) const;

  const int descriptor_;
  Mutex mutex_;
  CondVar arrived_;
  CondVar ended_;
  std::string waiting_ GUARDED_BY(mutex_);
  std::uint64_t dropped_ GUARDED_BY(mutex_) = 0;
  bool urgent_ GUARDED_BY(mutex_) = false;
  bool idle_ GUARDED_BY(mutex_) = false;  // the writer waits for a first line
  bool finishing_ GUARDED_BY(mutex_) = false;
  bool done_ GUARDED_BY(mutex_) = false;
};

}  // namespace disposable
