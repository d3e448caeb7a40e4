// RocksDbTransfer: a store in a folder, for a move. Holds the folder's lock, so no service runs on it meanwhile.

#pragma once

#include "store/rocksdb/database.h"
#include "store/rocksdb/folder_lock.h"
#include "store/store_transfer.h"

namespace disposable {

class RocksDbTransfer final : public StoreTransfer {
 public:
  // kUnavailable: in use by another process, or the folder cannot be used. When there is no database: kNotFound for a
  // source; for a target makes the folder, and in it a database that is no store yet.
  enum class End : std::uint8_t { kSource, kTarget };
  static Result<std::unique_ptr<RocksDbTransfer>> open(const std::string& directory, End end);

  std::string name() const override { return directory_; }
  Result<std::optional<KeyringCheck>> keyring_check() override;
  Result<MoveState> move_state() override;
  Result<bool> empty() override;
  Result<StoreTotals> totals() override;
  Result<std::optional<EventId>> last_acknowledged() override;

  Result<void> begin_arriving(const KeyringCheck& keyring_check, const std::string& move) override;
  Result<void> begin_leaving(const std::string& move) override;
  Result<void> end_arriving(const StoreTotals& totals, const std::optional<EventId>& last_acknowledged) override;
  // Also rewrites the files that secrets were in.
  Result<void> end_leaving() override;

  Result<std::vector<StoredSecret>> some_secrets(std::size_t limit) override;
  Result<std::optional<StoredSecret>> find(const StoreId& id) override;
  Result<void> put(std::span<const StoredSecret> secrets) override;
  Result<void> erase(std::span<const StoredSecret> secrets) override;
  Result<std::vector<OutboxEntry>> some_events(std::size_t limit) override;
  Result<void> put_events(std::span<const OutboxEntry> events) override;
  Result<void> erase_events(std::span<const OutboxEntry> events) override;

 private:
  RocksDbTransfer(std::string directory, FolderLock lock)
      : directory_(std::move(directory)), lock_(std::move(lock)), database_(directory_) {}

  Result<std::optional<Identity>> identity();
  Result<void> write(Database::Batch& batch);
  // The identity tells a service at once; the text, which end of which move it is.
  Result<void> say(const MoveState& state, const KeyringCheck& check, Database::Batch& batch);
  Result<StoredSecret> decode(const StoreId& id, ByteView value);

  const std::string directory_;
  const FolderLock lock_;
  Database database_;
};

}  // namespace disposable
