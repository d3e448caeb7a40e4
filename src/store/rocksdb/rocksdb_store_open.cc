// How a store comes to life: lock the folder, open the database, see that it is ours, and only then serve.

#include <exception>

#include "store/rocksdb/rocksdb_store.h"

namespace disposable {

Result<std::unique_ptr<RocksDbStore>> RocksDbStore::open(Options options) {
  try {
    Result<FolderLock> lock = FolderLock::acquire(options.directory);
    if (!lock) {
      return fail(lock.error());
    }
    std::unique_ptr<RocksDbStore> store(new RocksDbStore(std::move(options), std::move(*lock)));
    Result<void> started = store->start();
    if (!started) {
      return fail(started.error());
    }
    return store;
  } catch (const std::exception& exception) {
    return fail(Errc::kUnavailable, std::string("cannot open the store: ") + exception.what());
  }
}

RocksDbStore::RocksDbStore(Options options, FolderLock lock)
    : options_(std::move(options)),
      lock_(std::move(lock)),
      database_(options_.directory, options_.env),
      queue_(options_.outbox, options_.storage),
      disk_space_(options_.directory, options_.storage.disk_reserve_bytes) {
  for (std::unique_ptr<Stripe>& stripe : stripes_) {
    stripe = std::make_unique<Stripe>(options_.cache_bytes / kStripes);
  }
}

Result<void> RocksDbStore::start() {
  Result<void> opened = database_.open();
  if (!opened) {
    return opened;
  }
  Result<void> identified = check_identity();
  if (!identified) {
    return identified;
  }
  const Result<OutboxState> outbox = read_outbox_state(database_);
  if (!outbox) {
    return fail(outbox.error());
  }
  const Result<StoreTotals> totals = read_totals(database_);
  if (!totals) {
    return fail(totals.error());
  }
  queue_.resume(*outbox, *totals);
  committer_ =
      std::make_unique<Committer>(Committer::Parts{database_, queue_, progress_, disk_space_, commit_metrics_, *this});
  return {};
}

Result<void> RocksDbStore::check_identity() {
  const Identity ours{kStoreFormat, options_.keyring_check};
  const auto stored = database_.read(Family::kMeta, as_bytes(kIdentityKey));
  if (!stored) {
    return fail(stored.error());
  }
  if (!stored->has_value()) {
    // New, or created by a process that ended here: without an identity nothing was ever stored.
    Database::Batch batch(database_);
    batch.put(Family::kMeta, as_bytes(kIdentityKey), encode_identity(ours));
    const Database::Written written = database_.write(batch, Database::Sync::kYes);
    if (written.outcome != Database::Outcome::kWritten) {
      return fail(Errc::kUnavailable, "cannot write to the data folder: " + written.reason);
    }
    return {};
  }
  const Result<Identity> identity = decode_identity(**stored);
  if (!identity) {
    return fail(identity.error());
  }
  if (identity->format == kBackupFormat) {
    return fail(Errc::kInvalidArgument, "the data folder holds a backup as it was made; 'restore' makes a store of it");
  }
  if (identity->format == kMovingFormat) {
    return fail(Errc::kInvalidArgument,
                "the store in the data folder is being moved, or was moved to another; 'migrate' ends a move");
  }
  if (identity->format != kStoreFormat) {
    return fail(Errc::kInvalidArgument, "the data folder was written by another version of this program");
  }
  if (*identity != ours) {
    return fail(Errc::kInvalidArgument, "the keyring does not belong to this data folder");
  }
  return {};
}

}  // namespace disposable
