// MemoryStore: the reference implementation of SecretStore and Outbox. One mutex, ordered containers, nothing clever;
// everything counts as durable at once and is gone with the process. Thread-safe.

#pragma once

#include <deque>
#include <map>
#include <set>
#include <utility>

#include "core/store.h"
#include "store/outbox_limits.h"
#include "store/storage_limits.h"
#include "store/store_totals.h"

namespace disposable {

class MemoryStore final : public SecretStore, public Outbox {
 public:
  explicit MemoryStore(OutboxLimits limits = {}, const StorageLimits& storage = {})
      : limits_(limits), stored_bytes_max_(storage.stored_bytes_max) {}

  Result<Ticket> insert(const StoreId& id, Entry entry, Bytes payload, std::span<const Event> events) override;
  Result<Loaded> load(const StoreId& id) override;
  Result<Bytes> load_payload(const StoreId& id) override;
  Result<Ticket> replace(const StoreId& id, std::uint64_t expected_version, Entry entry, Payload payload,
                         std::span<const Event> events) override;
  Result<Ticket> purge(const StoreId& id, std::uint64_t expected_version) override;
  Result<std::vector<DueEntry>> due(WallTime now, std::size_t limit) override;
  Result<void> ready() override { return {}; }
  Result<void> takes_changes() override;
  Result<void> wait_durable(CommitSequence /*sequence*/) override { return {}; }
  std::optional<Result<void>> outcome(CommitSequence /*sequence*/) override { return Result<void>{}; }
  void watch_settled(std::function<void()> /*listener*/) override {}

  Result<std::vector<OutboxEntry>> pending(std::uint64_t after_position, std::size_t limit) override;
  Result<void> acknowledge(const OutboxEntry& last) override;
  Result<std::optional<EventId>> last_acknowledged() override;
  void wait_pending(std::chrono::milliseconds timeout) override;

  StoreTotals totals();
  void set_storage_limits(const StorageLimits& limits);

 private:
  struct Stored {
    Entry entry;
    std::uint64_t version = 0;
    std::optional<Bytes> payload;
  };
  using Records = std::map<StoreId, Stored>;

  // The record at `version`, or end().
  Records::iterator find_version(const StoreId& id, std::uint64_t version) REQUIRES(mutex_);
  Result<void> room_for_changes() const REQUIRES(mutex_);
  void append(std::span<const Event> events) REQUIRES(mutex_);
  void drop_payload(Stored& stored) REQUIRES(mutex_);

  const OutboxLimits limits_;
  Mutex mutex_;
  std::uint64_t stored_bytes_max_ GUARDED_BY(mutex_);
  StoreTotals totals_ GUARDED_BY(mutex_);
  CondVar appended_;
  Records records_ GUARDED_BY(mutex_);
  std::set<std::pair<WallTime, StoreId>> schedule_ GUARDED_BY(mutex_);
  std::deque<OutboxEntry> outbox_ GUARDED_BY(mutex_);
  std::uint64_t next_position_ GUARDED_BY(mutex_) = 1;
  std::optional<EventId> acknowledged_ GUARDED_BY(mutex_);
};

}  // namespace disposable
