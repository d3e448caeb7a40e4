// CommitQueue: the changes that are decided and not yet on disk, in the order of their decisions.
//
// It gives out the commit sequences and the outbox positions, keeps the outbox within its limits, and refuses
// everything while the store cannot commit. Thread-safe; what is marked so belongs to the committer's thread.

#pragma once

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>
#include <variant>

#include "base/mutex.h"
#include "store/outbox_limits.h"
#include "store/rocksdb/outbox_state.h"
#include "store/storage_limits.h"

namespace disposable {

// One decided change of a record, in the form in which it is stored.
struct Change {
  enum class Kind : std::uint8_t { kInsert, kReplace, kPurge };

  Kind kind = Kind::kInsert;
  StoreId id;
  Bytes record{};                              // stored form; empty for a purge
  std::optional<WallTime> due_before{};        // nothing for an insert
  std::optional<WallTime> due_after{};         // nothing for a purge
  Payload payload = Payload::kKeep;            // kDrop: remove it from where it is stored apart
  std::shared_ptr<const Bytes> new_payload{};  // to be stored apart; shared with the cache
  std::vector<Bytes> events{};                 // encode_event()
  std::int64_t live_secrets_change = 0;
  std::int64_t payload_bytes_change = 0;

  std::size_t size() const;
};

// Everything in the outbox from `first` to `last` may go.
struct Acknowledgement {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  EventId last_id;
};

struct Operation {
  std::variant<Change, Acknowledgement> what;
  CommitSequence sequence = 0;
  std::uint64_t first_position = 0;  // of a change's first event
  StoreTotals totals{};              // of the store once this and everything before it is done
};

// About how many bytes they take, in memory and in the log.
std::size_t size_of(const std::vector<Operation>& operations);

class CommitQueue {
 public:
  // Refuses everything until resume().
  CommitQueue(OutboxLimits limits, const StorageLimits& storage)
      : limits_(limits), stored_bytes_max_(storage.stored_bytes_max) {}

  // kUnavailable while the store cannot commit, or when the outbox is too full for the change; kStorageFull for an
  // insert over the limit.
  Result<CommitSequence> push(Change change);
  // kInvalidArgument for a position that was never given.
  Result<void> acknowledge(const OutboxEntry& last);
  // kUnavailable with the reason while the store cannot commit.
  Result<void> ready() const;
  // Also when the outbox is too full for a replace with events.
  Result<void> takes_changes() const;
  OutboxState outbox() const;
  // Of everything that is decided.
  StoreTotals totals() const;
  void set_stored_bytes_max(std::uint64_t bytes);
  // Blocks until there are durable events to acknowledge or `timeout` has passed.
  void wait_durable_events(std::chrono::milliseconds timeout);

  // The committer's: up to about `bytes_max` of what waits. Empty after `timeout`, or when `stop` is requested and
  // nothing waits.
  std::vector<Operation> take(std::size_t bytes_max, std::chrono::milliseconds timeout, const std::stop_token& stop);
  // The committer's: events up to `position` may be shown.
  void events_durable(std::uint64_t position);
  // The committer's: refuses everything for `reason`, forgets what waits, and returns the last sequence given.
  CommitSequence suspend(const std::string& reason);
  // The committer's, or before there is one: goes on with what recovery found.
  void resume(const OutboxState& outbox, const StoreTotals& totals);
  // The committer's: sleeps for `duration` or until stop is requested.
  void sleep(std::chrono::milliseconds duration, const std::stop_token& stop);
  // Ends take() and sleep() early; after requesting stop.
  void wake();

 private:
  Result<void> admit(const Change& change) const REQUIRES(mutex_);
  Result<void> refusal() const REQUIRES(mutex_);
  Result<void> room_for_changes() const REQUIRES(mutex_);
  void enqueue(Operation operation) REQUIRES(mutex_);

  const OutboxLimits limits_;
  std::atomic<bool> serving_{false};  // written under the mutex
  mutable Mutex mutex_;
  CondVar arrived_;
  CondVar events_durable_;
  std::string reason_ GUARDED_BY(mutex_) = "the store is being opened";
  std::vector<Operation> waiting_ GUARDED_BY(mutex_);
  CommitSequence last_sequence_ GUARDED_BY(mutex_) = 0;
  OutboxState outbox_ GUARDED_BY(mutex_);
  StoreTotals totals_ GUARDED_BY(mutex_);
  std::uint64_t stored_bytes_max_ GUARDED_BY(mutex_);
};

}  // namespace disposable
