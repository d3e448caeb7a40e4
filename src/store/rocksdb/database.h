// Database: one RocksDB folder that can be closed and opened again in place.
//
// Readers may run at any time, also across a reopen; they get kUnavailable while the database is closed. Opening,
// closing and writing belong to one thread at a time (the committer's, once there is one).

#pragma once

#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>

#include "store/rocksdb/schema.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class Env;
class WriteBatch;
}  // namespace rocksdb

namespace disposable {

class Database {
 public:
  // A set of changes that becomes durable as a whole or not at all.
  class Batch {
   public:
    explicit Batch(const Database& database);
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch();

    void put(Family family, ByteView key, ByteView value);
    void remove(Family family, ByteView key);

   private:
    friend class Database;
    const Database& database_;
    std::unique_ptr<rocksdb::WriteBatch> batch_;
  };

  enum class Sync : std::uint8_t { kNo, kYes };

  enum class Outcome : std::uint8_t {
    kWritten,
    kNoSpace,  // whether it is on disk is unknown; opening again decides, once there is space
    kFailed,   // whether it is on disk is unknown, and this process can not find out: fsync may lie from here on
  };
  struct Written {
    Outcome outcome = Outcome::kWritten;
    std::string reason;
  };

  // Keys in [from, until); an empty `until` has no end.
  struct Range {
    ByteView from;
    ByteView until;
  };
  // Returns false to stop.
  using Visitor = std::function<bool(ByteView key, ByteView value)>;

  // `env` null: the machine's file system.
  explicit Database(std::string directory, rocksdb::Env* env = nullptr);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // Opens, creating what is missing; closes first when it is open. kCorrupt when the files are damaged, kUnavailable
  // for everything else.
  Result<void> open();

  // Opens for reading only, as all of it was at one moment, while another process may be writing; changes nothing in
  // the folder. kNotFound: there is no database. kUnavailable: also when the writer left no moment of rest.
  Result<void> open_beside_writer();

  Written write(Batch& batch, Sync sync);
  // Rewrites the files, so that nothing that was removed or replaced is in them any more.
  Result<void> compact();

  Result<std::optional<Bytes>> read(Family family, ByteView key) const;
  Result<void> scan(Family family, const Range& range, const Visitor& visit) const;
  // The last key at or after `from`.
  Result<std::optional<Bytes>> last_key(Family family, ByteView from) const;

 private:
  void close();
  void hold(rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& handles);
  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles_[static_cast<std::size_t>(family)]; }

  const std::string directory_;
  rocksdb::Env* const env_;
  // Readers share it, open() and close() hold it alone. Not a base Mutex, which has no shared mode.
  mutable std::shared_mutex open_mutex_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilyNames.size()> handles_{};
};

}  // namespace disposable
