// FolderLock: one process at a time owns a data folder, also while RocksDB inside it is closed and opened again.
//
// An flock(2) on the file "in-use" in the folder: gone with the process, however it ends. Released on destruction.

#pragma once

#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace disposable {

class FolderLock {
 public:
  // kUnavailable: in use by another process (the detail says so), or the folder is missing or not writable.
  static Result<FolderLock> acquire(const std::string& directory);

 private:
  explicit FolderLock(FileDescriptor file) : file_(std::move(file)) {}

  FileDescriptor file_;
};

}  // namespace disposable
