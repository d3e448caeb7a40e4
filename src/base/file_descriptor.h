// FileDescriptor: a POSIX file descriptor with one owner, closed when the owner goes. -1 is "none". A value.

#pragma once

#include <unistd.h>

#include <utility>

namespace disposable {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      reset(other.release());
    }
    return *this;
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { reset(); }

  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

  // Gives the descriptor away without closing it.
  int release() { return std::exchange(descriptor_, -1); }
  // Closes what is owned and owns `descriptor` from now on. An error of close() is dropped: nothing can be done about
  // it.
  void reset(int descriptor = -1) {
    const int old = std::exchange(descriptor_, descriptor);
    if (old >= 0) {
      ::close(old);
    }
  }

 private:
  int descriptor_ = -1;
};

}  // namespace disposable
