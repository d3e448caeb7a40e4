#include "contract/faulty_disk.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

namespace disposable {

namespace {

using Fault = FaultyDisk::Fault;
using rocksdb::FileOptions;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class FaultyFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyFile(std::unique_ptr<FSWritableFile>&& file, FaultyDisk& disk)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk) {}

  using FSWritableFileOwnerWrapper::Append;
  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* context) override {
    switch (disk_.fault()) {
      case Fault::kFullTorn: {
        const IOStatus half = target()->Append(Slice(data.data(), data.size() / 2), options, context);
        return half.ok() ? IOStatus::NoSpace("injected") : half;
      }
      case Fault::kReadOnly:
        return IOStatus::IOError("injected: read-only file system");
      case Fault::kNone:
      case Fault::kFullAtSync:
      case Fault::kNoTables:
      case Fault::kSyncError:
        break;
    }
    return target()->Append(data, options, context);
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    const IOStatus injected = before_sync();
    return injected.ok() ? target()->Sync(options, context) : injected;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    const IOStatus injected = before_sync();
    return injected.ok() ? target()->Fsync(options, context) : injected;
  }

 private:
  IOStatus before_sync() {
    disk_.pass_sync();
    switch (disk_.fault()) {
      case Fault::kFullAtSync:
        return IOStatus::NoSpace("injected");
      case Fault::kSyncError:
        return IOStatus::IOError("injected: fdatasync: Input/output error");
      case Fault::kNone:
      case Fault::kFullTorn:
      case Fault::kNoTables:
      case Fault::kReadOnly:
        break;
    }
    return IOStatus::OK();
  }

  FaultyDisk& disk_;
};

class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultyFileSystem(FaultyDisk& disk) : FileSystemWrapper(rocksdb::FileSystem::Default()), disk_(disk) {}

  const char* Name() const override { return "FaultyFileSystem"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options, std::unique_ptr<FSWritableFile>* file,
                           IODebugContext* context) override {
    const Fault fault = disk_.fault();
    const bool table = name.ends_with(".sst");
    if (fault == Fault::kFullTorn || fault == Fault::kFullAtSync || (fault == Fault::kNoTables && table)) {
      return IOStatus::NoSpace("injected");
    }
    std::unique_ptr<FSWritableFile> real;
    IOStatus status = target()->NewWritableFile(name, options, &real, context);
    if (status.ok()) {
      *file = std::make_unique<FaultyFile>(std::move(real), disk_);
    }
    return status;
  }

 private:
  FaultyDisk& disk_;
};

}  // namespace

FaultyDisk::FaultyDisk() : env_(rocksdb::NewCompositeEnv(std::make_shared<FaultyFileSystem>(*this))) {}

FaultyDisk::~FaultyDisk() = default;

void FaultyDisk::set(Fault fault) {
  const MutexLock lock(mutex_);
  fault_ = fault;
}

FaultyDisk::Fault FaultyDisk::fault() {
  const MutexLock lock(mutex_);
  return fault_;
}

void FaultyDisk::hold_syncs() {
  const MutexLock lock(mutex_);
  holding_ = true;
}

void FaultyDisk::wait_held() {
  const MutexLock lock(mutex_);
  while (held_ == 0) {
    changed_.wait(mutex_);
  }
}

void FaultyDisk::release_syncs() {
  const MutexLock lock(mutex_);
  holding_ = false;
  changed_.notify_all();
}

void FaultyDisk::pass_sync() {
  const MutexLock lock(mutex_);
  ++held_;
  changed_.notify_all();
  while (holding_) {
    changed_.wait(mutex_);
  }
  --held_;
}

}  // namespace disposable
