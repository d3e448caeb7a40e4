// FolderLock: one process at a time owns a data folder, also while RocksDB inside it is closed and opened again.
//
// An flock(2) on the file "in-use" in the folder: gone with the process, however it ends. Released on destruction.

#pragma once

#include <string>

#include "base/result.h"

namespace disposable {

class FolderLock {
 public:
  // kUnavailable: in use by another process (the detail says so), or the folder is missing or not writable.
  static Result<FolderLock> acquire(const std::string& directory);

  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace disposable
