#include "store/rocksdb/commit_queue.h"

namespace disposable {

namespace {

std::size_t size_of(const Operation& operation) {
  const auto* change = std::get_if<Change>(&operation.what);
  return change == nullptr ? sizeof operation : change->size();
}

}  // namespace

std::size_t Change::size() const {
  std::size_t size = sizeof *this + record.size() + (new_payload == nullptr ? 0 : new_payload->size());
  for (const Bytes& event : events) {
    size += event.size();
  }
  return size;
}

std::size_t size_of(const std::vector<Operation>& operations) {
  std::size_t size = 0;
  for (const Operation& operation : operations) {
    size += size_of(operation);
  }
  return size;
}

Result<CommitSequence> CommitQueue::push(Change change) {
  const MutexLock lock(mutex_);
  Result<void> admitted = admit(change);
  if (!admitted) {
    return fail(admitted.error());
  }
  const std::uint64_t first_position = outbox_.next_position;
  outbox_.next_position += change.events.size();
  totals_.live_secrets += change.live_secrets_change;
  totals_.payload_bytes += static_cast<std::uint64_t>(change.payload_bytes_change);  // modulo 2^64: may take off
  enqueue({std::move(change), 0, first_position, totals_});
  return last_sequence_;
}

Result<void> CommitQueue::acknowledge(const OutboxEntry& last) {
  const MutexLock lock(mutex_);
  Result<void> open = refusal();
  if (!open) {
    return open;
  }
  if (last.position >= outbox_.next_position) {
    return fail(Errc::kInvalidArgument, "acknowledged an event that was never shown");
  }
  if (last.position <= outbox_.acknowledged_position) {
    return {};
  }
  enqueue({Acknowledgement{outbox_.acknowledged_position + 1, last.position, last.event.id}, 0, 0, totals_});
  outbox_.acknowledged_position = last.position;
  outbox_.acknowledged_id = last.event.id;
  return {};
}

Result<void> CommitQueue::ready() const {
  if (serving_.load(std::memory_order_acquire)) {
    return {};
  }
  const MutexLock lock(mutex_);
  return refusal();
}

Result<void> CommitQueue::takes_changes() const {
  const MutexLock lock(mutex_);
  Result<void> open = refusal();
  return open ? room_for_changes() : open;
}

OutboxState CommitQueue::outbox() const {
  const MutexLock lock(mutex_);
  return outbox_;
}

StoreTotals CommitQueue::totals() const {
  const MutexLock lock(mutex_);
  return totals_;
}

void CommitQueue::set_stored_bytes_max(std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  stored_bytes_max_ = bytes;
}

void CommitQueue::wait_durable_events(std::chrono::milliseconds timeout) {
  const MutexLock lock(mutex_);
  if (!refusal() || outbox_.durable_position <= outbox_.acknowledged_position) {
    events_durable_.wait_for(mutex_, timeout);
  }
}

std::vector<Operation> CommitQueue::take(std::size_t bytes_max, std::chrono::milliseconds timeout,
                                         const std::stop_token& stop) {
  const MutexLock lock(mutex_);
  if (waiting_.empty() && !stop.stop_requested()) {
    arrived_.wait_for(mutex_, timeout);
  }
  std::size_t count = 0;
  for (std::size_t bytes = 0; count < waiting_.size() && bytes < bytes_max; ++count) {
    bytes += size_of(waiting_[count]);
  }
  if (count == waiting_.size()) {
    return std::exchange(waiting_, {});
  }
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Operation> taken(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return taken;
}

void CommitQueue::events_durable(std::uint64_t position) {
  const MutexLock lock(mutex_);
  outbox_.durable_position = position;
  events_durable_.notify_all();
}

CommitSequence CommitQueue::suspend(const std::string& reason) {
  std::vector<Operation> forgotten;  // freed after the lock is
  const MutexLock lock(mutex_);
  serving_.store(false, std::memory_order_release);
  reason_ = reason;
  forgotten.swap(waiting_);
  return last_sequence_;
}

void CommitQueue::resume(const OutboxState& outbox, const StoreTotals& totals) {
  const MutexLock lock(mutex_);
  outbox_ = outbox;
  totals_ = totals;
  serving_.store(true, std::memory_order_release);
  events_durable_.notify_all();
}

void CommitQueue::sleep(std::chrono::milliseconds duration, const std::stop_token& stop) {
  const MutexLock lock(mutex_);
  if (!stop.stop_requested()) {
    arrived_.wait_for(mutex_, duration);
  }
}

void CommitQueue::wake() {
  const MutexLock lock(mutex_);
  arrived_.notify_all();
}

Result<void> CommitQueue::admit(const Change& change) const {
  Result<void> open = refusal();
  if (!open) {
    return open;
  }
  if (change.kind == Change::Kind::kInsert && outbox_.depth() >= limits_.creates_max) {
    return fail(Errc::kUnavailable, "the audit outbox is full: creates are refused");
  }
  if (change.kind == Change::Kind::kReplace && !change.events.empty()) {
    Result<void> room = room_for_changes();
    if (!room) {
      return room;
    }
  }
  if (change.kind == Change::Kind::kInsert &&
      totals_.payload_bytes + static_cast<std::uint64_t>(change.payload_bytes_change) > stored_bytes_max_) {
    return fail(Errc::kStorageFull, "as many bytes are stored as may be");
  }
  return {};
}

Result<void> CommitQueue::room_for_changes() const {
  return outbox_.depth() < limits_.changes_max
             ? Result<void>()
             : fail(Errc::kUnavailable, "the audit outbox is full: changes are refused");
}

Result<void> CommitQueue::refusal() const {
  if (serving_.load(std::memory_order_relaxed)) {
    return {};
  }
  return fail(Errc::kUnavailable, reason_);
}

void CommitQueue::enqueue(Operation operation) {
  operation.sequence = ++last_sequence_;
  waiting_.push_back(std::move(operation));
  if (waiting_.size() == 1) {
    arrived_.notify_one();
  }
}

}  // namespace disposable
