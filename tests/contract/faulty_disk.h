// FaultyDisk: a file system under RocksDB that fails when the test says so. Only RocksDB's own files go through it.
// Thread-safe; must outlive the store that uses it.

#pragma once

#include <memory>

#include "base/mutex.h"

namespace rocksdb {
class Env;
}

namespace disposable {

class FaultyDisk {
 public:
  enum class Fault : std::uint8_t {
    kNone,
    kFullTorn,    // ENOSPC: half of what is written arrives; nothing new can be created
    kFullAtSync,  // ENOSPC from fdatasync: everything that was written is there; nothing new can be created
    kNoTables,    // ENOSPC for every new table: the log goes on, flushes fail
    kSyncError,   // EIO from fdatasync
    kReadOnly,    // EROFS from every write
  };

  FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;
  ~FaultyDisk();

  rocksdb::Env* env() { return env_.get(); }

  void set(Fault fault);
  Fault fault();

  // From now on whoever syncs a log waits; wait_held() returns once somebody does.
  void hold_syncs();
  void wait_held();
  void release_syncs();

  // For the file system: waits while syncs are held.
  void pass_sync();

 private:
  Mutex mutex_;
  CondVar changed_;
  Fault fault_ GUARDED_BY(mutex_) = Fault::kNone;
  bool holding_ GUARDED_BY(mutex_) = false;
  int held_ GUARDED_BY(mutex_) = 0;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace disposable
