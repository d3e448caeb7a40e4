// RocksDbStore: the embedded store, an in-process cache in front of RocksDB.
//
// A change is decided in memory under one of 256 mutexes, chosen by the id, and handed to the committer while that
// mutex is held; so the order of commits is the order of decisions, and no caller waits for the disk to write.
// Thread-safe.
//
// After a full disk the store answers kUnavailable, reopens itself every second and goes on with what recovery finds.
// After any other failure to write it calls `on_fatal` and answers kUnavailable for ever.

#pragma once

#include <functional>

#include "store/rocksdb/committer.h"
#include "store/rocksdb/due_cursor.h"
#include "store/rocksdb/entry_cache.h"
#include "store/rocksdb/folder_lock.h"
#include "store/served_store.h"

namespace disposable {

class RocksDbStore final : public ServedStore, private CommitListener {
 public:
  struct Options {
    std::string directory;         // exists; belongs to this store alone
    KeyringCheck keyring_check{};  // stored when the store is created
    std::size_t cache_bytes = 16UL * 1024 * 1024;
    OutboxLimits outbox{};
    StorageLimits storage{};
    // Called once, on the committer's thread. The process must end: what is on disk can only be learnt by a new one.
    std::function<void(const std::string& reason)> on_fatal{};
    rocksdb::Env* env = nullptr;  // for tests that break the disk; must outlive the store. Null: the machine's
  };

  // kInvalidArgument: the store belongs to another keyring (nothing in it has changed). kCorrupt: damaged.
  // kUnavailable: the folder is missing, not writable or in use by another process; the detail says which.
  static Result<std::unique_ptr<RocksDbStore>> open(Options options);
  // Makes everything decided durable first. Nobody may be inside any more.
  ~RocksDbStore() override = default;

  Result<Ticket> insert(const StoreId& id, Entry entry, Bytes payload, std::span<const Event> events) override;
  Result<Loaded> load(const StoreId& id) override;
  Result<Bytes> load_payload(const StoreId& id) override;
  Result<Ticket> replace(const StoreId& id, std::uint64_t expected_version, Entry entry, Payload payload,
                         std::span<const Event> events) override;
  Result<Ticket> purge(const StoreId& id, std::uint64_t expected_version) override;
  Result<std::vector<DueEntry>> due(WallTime now, std::size_t limit) override;
  Result<void> ready() override { return queue_.ready(); }
  Result<void> takes_changes() override { return queue_.takes_changes(); }
  Result<void> wait_durable(CommitSequence sequence) override { return progress_.wait(sequence); }
  std::optional<Result<void>> outcome(CommitSequence sequence) override { return progress_.outcome(sequence); }
  void watch_settled(std::function<void()> listener) override { progress_.watch_settled(std::move(listener)); }

  Result<std::vector<OutboxEntry>> pending(std::uint64_t after_position, std::size_t limit) override;
  Result<void> acknowledge(const OutboxEntry& last) override { return queue_.acknowledge(last); }
  Result<std::optional<EventId>> last_acknowledged() override;
  void wait_pending(std::chrono::milliseconds timeout) override { queue_.wait_durable_events(timeout); }

  // Of everything that is decided.
  StoreTotals totals() const { return queue_.totals(); }
  // Holds for every insert from now on; what is stored already stays.
  void set_storage_limits(const StorageLimits& limits) override;
  Result<void> visit_records(const RecordVisitor& visit) override;
  // Reads one event from disk, for its age.
  void write_metrics(MetricsText& text, WallTime now) const override;

  std::size_t cached_bytes() const;
  std::uint64_t outbox_depth() const { return queue_.outbox().depth(); }

 private:
  static constexpr std::size_t kStripes = 256;
  struct Stripe {
    explicit Stripe(std::size_t cache_bytes) : cache(cache_bytes) {}
    Mutex mutex;
    EntryCache cache GUARDED_BY(mutex);
  };

  RocksDbStore(Options options, FolderLock lock);
  Result<void> start();
  Result<void> check_identity();

  Stripe& stripe_of(const StoreId& id) { return *stripes_[id.bytes[0]]; }
  // Null when there is no such record. Good while the stripe is held and its cache is not changed.
  Result<const CachedEntry*> find(Stripe& stripe, const StoreId& id) REQUIRES(stripe.mutex);
  // As find, but kConflict unless the record is at `version`.
  Result<const CachedEntry*> find_version(Stripe& stripe, const StoreId& id, std::uint64_t version)
      REQUIRES(stripe.mutex);
  // Hands the change to the committer and remembers the state it leads to.
  Result<Ticket> decide(Stripe& stripe, Change change, CachedEntry next) REQUIRES(stripe.mutex);
  Ticket ticket_of(const CachedEntry& entry);

  // Of the oldest durable event; zero when there is none, or it cannot be read now.
  std::chrono::milliseconds outbox_age(WallTime now) const;

  void on_written(const std::vector<Operation>& operations) override;
  void on_settled(const std::vector<Operation>& operations) override;
  void on_suspended() override;
  void on_recovered() override { due_cursor_.reset(); }
  void on_fatal(const std::string& reason) override;

  const Options options_;
  const FolderLock lock_;
  Database database_;
  CommitQueue queue_;
  CommitProgress progress_;
  DiskSpace disk_space_;
  CommitMetrics commit_metrics_;
  std::array<std::unique_ptr<Stripe>, kStripes> stripes_;
  DueCursor due_cursor_;
  Mutex due_mutex_;                       // one scan of the schedule at a time
  std::unique_ptr<Committer> committer_;  // last: its destructor drains the queue while everything else is there
};

}  // namespace disposable
