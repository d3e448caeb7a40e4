// FaultyDisk: while it lives, SQLite's files sit on a disk whose operations fail when the test says so.
//
// A VFS around the system's own one (https://www.sqlite.org/vfs.html), the default of every connection opened
// meanwhile. Writes, truncations, syncs and growth of the shared index count as changes. One thread only; one at a
// time.

#pragma once

#include <sqlite3.h>

namespace disposable {

class FaultyDisk {
 public:
  FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;
  ~FaultyDisk();

  enum class Fault { kOnce, kUntilHealed };

  // The `nth` change from now, counted from 1, fails with `code` (SQLITE_FULL, or SQLITE_IOERR for the code that
  // belongs to the operation); with kUntilHealed every change after it too.
  void fail_change(int nth, int code, Fault fault);
  // Every read fails from now.
  void fail_reads();
  void heal();
  // Whether a change or read has failed since the last call of the two above.
  bool has_failed() const { return failed_; }
  // Successful syncs so far.
  int syncs() const { return syncs_; }

 private:
  struct Vfs : sqlite3_vfs {
    FaultyDisk* disk = nullptr;
  };
  struct File;

  static int open_file(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags);
  static const sqlite3_io_methods& methods();
  static File& wrapped(sqlite3_file* file);
  // SQLITE_OK, or what this change must fail with.
  int change(int io_error);

  sqlite3_vfs* real_;
  Vfs vfs_;
  int changes_left_ = 0;  // until one fails; 0: none will
  int code_ = SQLITE_OK;
  Fault fault_ = Fault::kOnce;
  bool fail_reads_ = false;
  bool failed_ = false;
  int syncs_ = 0;
};

}  // namespace disposable
