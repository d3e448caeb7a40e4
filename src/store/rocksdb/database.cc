#include "store/rocksdb/database.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <filesystem>

#include "store/rocksdb/rocksdb_options.h"

namespace disposable {

namespace {

rocksdb::Slice slice(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

ByteView view(const rocksdb::Slice& bytes) { return as_bytes({bytes.data(), bytes.size()}); }

Bytes copy(const rocksdb::Slice& bytes) {
  const ByteView source = view(bytes);
  return {source.begin(), source.end()};
}

tl::unexpected<Error> failed(const rocksdb::Status& status) {
  return fail(status.IsCorruption() ? Errc::kCorrupt : Errc::kUnavailable, "RocksDB: " + status.ToString());
}

// RocksDB would take a folder that has lost its CURRENT file for a new one, and every secret in it for unknown.
bool headless(const std::string& directory) {
  std::error_code error;
  if (std::filesystem::exists(directory + "/CURRENT", error)) {
    return false;
  }
  for (const auto& file : std::filesystem::directory_iterator(directory, error)) {
    const std::string extension = file.path().extension();
    if (extension == ".sst" || extension == ".log") {
      return true;
    }
  }
  return false;
}

// What changes when a log becomes a table: the names of the logs, name and size of the manifest.
std::vector<std::string> moving_parts(const std::string& directory) {
  std::vector<std::string> parts;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = file.path().filename();
    if (name.starts_with("MANIFEST-")) {
      parts.push_back(name + " " + std::to_string(file.file_size(error)));
    } else if (name.ends_with(".log")) {
      parts.push_back(name);
    }
  }
  std::sort(parts.begin(), parts.end());
  return parts;
}

}  // namespace

Database::Batch::Batch(const Database& database)
    : database_(database), batch_(std::make_unique<rocksdb::WriteBatch>()) {}

Database::Batch::~Batch() = default;

void Database::Batch::put(Family family, ByteView key, ByteView value) {
  const rocksdb::Status status = batch_->Put(database_.handle(family), slice(key), slice(value));
  check(status.ok(), "a batch takes every put");
}

void Database::Batch::remove(Family family, ByteView key) {
  const rocksdb::Status status = batch_->Delete(database_.handle(family), slice(key));
  check(status.ok(), "a batch takes every remove");
}

Database::Database(std::string directory, rocksdb::Env* env) : directory_(std::move(directory)), env_(env) {}

Database::~Database() { close(); }

Result<void> Database::open() {
  close();
  if (headless(directory_)) {
    return fail(Errc::kCorrupt, "the folder holds data but its CURRENT file is missing");
  }
  const RocksDbSettings settings = rocksdb_settings(env_);
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::Status status = rocksdb::DB::Open(settings.database, directory_, settings.families, &handles, &db);
  if (!status.ok()) {
    return failed(status);
  }
  hold(db, handles);
  return {};
}

Result<void> Database::open_beside_writer() {
  close();
  std::error_code error;
  if (headless(directory_)) {
    return fail(Errc::kCorrupt, "the folder " + directory_ + " holds data but its CURRENT file is missing");
  }
  if (!std::filesystem::exists(directory_ + "/CURRENT", error)) {
    return error ? fail(Errc::kUnavailable, "cannot read " + directory_ + ": " + error.message())
                 : fail(Errc::kNotFound, "there is no store in " + directory_);
  }
  RocksDbSettings settings = rocksdb_settings(env_);
  settings.database.max_open_files = -1;  // all are opened now: the writer may remove any of them later
  rocksdb::Status status;
  constexpr int kTries = 200;
  for (int i = 0; i < kTries; ++i) {
    // RocksDB reads the manifest and then the logs. When the writer has made a table of a log and removed it in
    // between, what is read lacks that log's content, without an error; the manifest has grown then.
    const std::vector<std::string> before = moving_parts(directory_);
    rocksdb::DB* db = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    status = rocksdb::DB::OpenForReadOnly(settings.database, directory_, settings.families, &handles, &db);
    if (status.ok()) {
      hold(db, handles);
      if (moving_parts(directory_) == before) {
        return {};
      }
      close();
    } else if (moving_parts(directory_) == before) {
      return failed(status);  // nobody has changed anything meanwhile
    }
  }
  return fail(Errc::kUnavailable, "the store was changed in every moment of reading it; " + status.ToString());
}

void Database::hold(rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  const std::unique_lock lock(open_mutex_);
  db_.reset(db);
  std::copy(handles.begin(), handles.end(), handles_.begin());
}

void Database::close() {
  const std::unique_lock lock(open_mutex_);
  if (db_ == nullptr) {
    return;
  }
  for (rocksdb::ColumnFamilyHandle*& handle : handles_) {
    db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    handle = nullptr;
  }
  // Everything acknowledged is synced already; what Close could not do, recovery does.
  db_->Close().PermitUncheckedError();
  db_.reset();
}

Database::Written Database::write(Batch& batch, Sync sync) {
  rocksdb::WriteOptions options;
  options.sync = sync == Sync::kYes;
  const rocksdb::Status status = db_->Write(options, batch.batch_.get());
  if (status.ok()) {
    return {};
  }
  // Incomplete: writes are stopped because a flush or compaction has found no space.
  const bool no_space = status.IsNoSpace() || status.IsIncomplete();
  return {no_space ? Outcome::kNoSpace : Outcome::kFailed, status.ToString()};
}

Result<std::optional<Bytes>> Database::read(Family family, ByteView key) const {
  const std::shared_lock lock(open_mutex_);
  if (db_ == nullptr) {
    return fail(Errc::kUnavailable, "the store is being reopened");
  }
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), handle(family), slice(key), &value);
  if (status.IsNotFound()) {
    return std::nullopt;
  }
  if (!status.ok()) {
    return failed(status);
  }
  return copy(value);
}

Result<void> Database::scan(Family family, const Range& range, const Visitor& visit) const {
  const std::shared_lock lock(open_mutex_);
  if (db_ == nullptr) {
    return fail(Errc::kUnavailable, "the store is being reopened");
  }
  const rocksdb::Slice until = slice(range.until);
  rocksdb::ReadOptions options;
  if (!range.until.empty()) {
    options.iterate_upper_bound = &until;
  }
  const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options, handle(family)));
  for (iterator->Seek(slice(range.from)); iterator->Valid(); iterator->Next()) {
    if (!visit(view(iterator->key()), view(iterator->value()))) {
      break;
    }
  }
  if (!iterator->status().ok()) {
    return failed(iterator->status());
  }
  return {};
}

Result<std::optional<Bytes>> Database::last_key(Family family, ByteView from) const {
  const std::shared_lock lock(open_mutex_);
  if (db_ == nullptr) {
    return fail(Errc::kUnavailable, "the store is being reopened");
  }
  const rocksdb::Slice lower = slice(from);
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower;
  const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options, handle(family)));
  iterator->SeekToLast();
  if (!iterator->status().ok()) {
    return failed(iterator->status());
  }
  return iterator->Valid() ? std::optional<Bytes>(copy(iterator->key())) : std::nullopt;
}

Result<void> Database::compact() {
  const std::shared_lock lock(open_mutex_);
  if (db_ == nullptr) {
    return fail(Errc::kUnavailable, "the store is being reopened");
  }
  const std::vector<rocksdb::ColumnFamilyHandle*> families(handles_.begin(), handles_.end());
  rocksdb::Status status = db_->Flush(rocksdb::FlushOptions(), families);
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  for (rocksdb::ColumnFamilyHandle* const family : families) {
    status = status.ok() ? db_->CompactRange(options, family, nullptr, nullptr) : status;
  }
  return status.ok() ? Result<void>{} : failed(status);
}

}  // namespace disposable
