#include "base/log_buffer.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace disposable {

namespace {

// How long a line may wait for others to share its write. Nobody reads a log faster.
constexpr std::chrono::milliseconds kGather{10};

}  // namespace

bool LogBuffer::append(std::string_view line, bool urgent) {
  const MutexLock lock(mutex_);
  if (waiting_.size() + line.size() > kBytesMax + (urgent ? kUrgentBytesMax : 0)) {
    ++dropped_;
    return false;
  }
  waiting_.append(line);
  urgent_ = urgent_ || urgent;
  if (idle_ || urgent) {
    idle_ = false;
    arrived_.notify_one();
  }
  return true;
}

bool LogBuffer::has_room() {
  const MutexLock lock(mutex_);
  return waiting_.size() < kBytesMax / 2;
}

std::uint64_t LogBuffer::take_dropped() {
  const MutexLock lock(mutex_);
  return std::exchange(dropped_, 0);
}

bool LogBuffer::wait_for_lines(std::string& lines) {
  const MutexLock lock(mutex_);
  while (waiting_.empty() && !finishing_) {
    idle_ = true;
    arrived_.wait(mutex_);
  }
  idle_ = false;
  if (!urgent_ && !finishing_) {
    arrived_.wait_for(mutex_, kGather);
  }
  urgent_ = false;
  lines.clear();
  lines.swap(waiting_);
  return !lines.empty();
}

void LogBuffer::run() {
  std::string lines;
  lines.reserve(kBytesMax + kUrgentBytesMax);
  while (wait_for_lines(lines)) {
    write_all(lines);
  }
  const MutexLock lock(mutex_);
  done_ = true;
  ended_.notify_all();
}

bool LogBuffer::finish(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const MutexLock lock(mutex_);
  finishing_ = true;
  arrived_.notify_one();
  while (!done_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left <= std::chrono::milliseconds{0}) {
      break;
    }
    ended_.wait_for(mutex_, left);
  }
  return done_;
}

void LogBuffer::write_all(std::string_view lines) const {
  while (!lines.empty()) {
    const ssize_t written = ::write(descriptor_, lines.data(), lines.size());
    if (written > 0) {
      lines.remove_prefix(static_cast<std::size_t>(written));
    } else if (written < 0 && errno == EAGAIN) {
      // Somebody who shares the descriptor has made it non-blocking.
      pollfd ready{descriptor_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (written == 0 || errno != EINTR) {
      return;  // nowhere left to complain
    }
  }
}

}  // namespace disposable
