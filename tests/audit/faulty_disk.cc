#include "audit/faulty_disk.h"

#include <doctest/doctest.h>

#include <new>

namespace disposable {

// What SQLite sees as its file; the real one follows it in the same allocation.
struct FaultyDisk::File : sqlite3_file {
  FaultyDisk* disk = nullptr;
  sqlite3_file* real = nullptr;
};

FaultyDisk::FaultyDisk() : real_(sqlite3_vfs_find(nullptr)) {
  static_cast<sqlite3_vfs&>(vfs_) = *real_;
  vfs_.disk = this;
  vfs_.zName = "faulty-disk";
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.xOpen = open_file;
  REQUIRE(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, 1);
}

void FaultyDisk::fail_change(int nth, int code, Fault fault) {
  changes_left_ = nth;
  code_ = code;
  fault_ = fault;
  failed_ = false;
}

void FaultyDisk::fail_reads() {
  fail_reads_ = true;
  failed_ = false;
}

void FaultyDisk::heal() {
  changes_left_ = 0;
  fail_reads_ = false;
}

int FaultyDisk::change(int io_error) {
  if (changes_left_ == 0) {
    return SQLITE_OK;
  }
  if (changes_left_ > 1) {
    --changes_left_;
    return SQLITE_OK;
  }
  failed_ = true;
  if (fault_ == Fault::kOnce) {
    changes_left_ = 0;
  }
  return code_ == SQLITE_IOERR ? io_error : code_;
}

FaultyDisk::File& FaultyDisk::wrapped(sqlite3_file* file) { return *static_cast<File*>(file); }

int FaultyDisk::open_file(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  FaultyDisk& disk = *static_cast<Vfs*>(vfs)->disk;
  File* outer = new (file) File();
  outer->pMethods = nullptr;
  outer->disk = &disk;
  outer->real = reinterpret_cast<sqlite3_file*>(outer + 1);
  const int code = disk.real_->xOpen(disk.real_, name, outer->real, flags, out_flags);
  if (code == SQLITE_OK) {
    outer->pMethods = &methods();
  }
  return code;
}

const sqlite3_io_methods& FaultyDisk::methods() {
  static const sqlite3_io_methods kMethods = [] {
    sqlite3_io_methods m{};
    m.iVersion = 2;  // shared memory, no memory-mapped reads
    m.xClose = [](sqlite3_file* f) { return wrapped(f).real->pMethods->xClose(wrapped(f).real); };
    m.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
      File& file = wrapped(f);
      if (file.disk->fail_reads_) {
        file.disk->failed_ = true;
        return SQLITE_IOERR_READ;
      }
      return file.real->pMethods->xRead(file.real, to, size, at);
    };
    m.xWrite = [](sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
      File& file = wrapped(f);
      const int code = file.disk->change(SQLITE_IOERR_WRITE);
      if (code != SQLITE_OK) {
        // As a real disk does: half of it may have arrived.
        file.real->pMethods->xWrite(file.real, from, size / 2, at);
        return code;
      }
      return file.real->pMethods->xWrite(file.real, from, size, at);
    };
    m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      const int code = wrapped(f).disk->change(SQLITE_IOERR_TRUNCATE);
      return code != SQLITE_OK ? code : wrapped(f).real->pMethods->xTruncate(wrapped(f).real, size);
    };
    m.xSync = [](sqlite3_file* f, int flags) {
      File& file = wrapped(f);
      const int code = file.disk->change(SQLITE_IOERR_FSYNC);
      file.disk->syncs_ += code == SQLITE_OK ? 1 : 0;
      return code != SQLITE_OK ? code : file.real->pMethods->xSync(file.real, flags);
    };
    m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
      return wrapped(f).real->pMethods->xFileSize(wrapped(f).real, size);
    };
    m.xLock = [](sqlite3_file* f, int lock) { return wrapped(f).real->pMethods->xLock(wrapped(f).real, lock); };
    m.xUnlock = [](sqlite3_file* f, int lock) { return wrapped(f).real->pMethods->xUnlock(wrapped(f).real, lock); };
    m.xCheckReservedLock = [](sqlite3_file* f, int* held) {
      return wrapped(f).real->pMethods->xCheckReservedLock(wrapped(f).real, held);
    };
    m.xFileControl = [](sqlite3_file* f, int operation, void* argument) {
      return wrapped(f).real->pMethods->xFileControl(wrapped(f).real, operation, argument);
    };
    m.xSectorSize = [](sqlite3_file* f) { return wrapped(f).real->pMethods->xSectorSize(wrapped(f).real); };
    m.xDeviceCharacteristics = [](sqlite3_file* f) {
      return wrapped(f).real->pMethods->xDeviceCharacteristics(wrapped(f).real);
    };
    m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
      const int code = extend != 0 ? wrapped(f).disk->change(SQLITE_IOERR_SHMSIZE) : SQLITE_OK;
      return code != SQLITE_OK ? code : wrapped(f).real->pMethods->xShmMap(wrapped(f).real, page, size, extend, out);
    };
    m.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
      return wrapped(f).real->pMethods->xShmLock(wrapped(f).real, offset, n, flags);
    };
    m.xShmBarrier = [](sqlite3_file* f) { wrapped(f).real->pMethods->xShmBarrier(wrapped(f).real); };
    m.xShmUnmap = [](sqlite3_file* f, int remove) {
      return wrapped(f).real->pMethods->xShmUnmap(wrapped(f).real, remove);
    };
    return m;
  }();
  return kMethods;
}

}  // namespace disposable
