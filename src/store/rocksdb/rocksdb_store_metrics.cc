// What the store tells about itself, and what may be changed while it runs.

#include <algorithm>

#include "store/rocksdb/rocksdb_store.h"

namespace disposable {

void RocksDbStore::set_storage_limits(const StorageLimits& limits) {
  queue_.set_stored_bytes_max(limits.stored_bytes_max);
  disk_space_.set_reserve_bytes(limits.disk_reserve_bytes);
}

std::size_t RocksDbStore::cached_bytes() const {
  std::size_t bytes = 0;
  for (const std::unique_ptr<Stripe>& stripe : stripes_) {
    const MutexLock lock(stripe->mutex);
    bytes += stripe->cache.bytes();
  }
  return bytes;
}

Result<void> RocksDbStore::visit_records(const RecordVisitor& visit) {
  Result<void> done;
  Result<void> scanned = database_.scan(Family::kRecords, {}, [&](ByteView /*key*/, ByteView value) {
    const Result<StoredRecord> stored = decode_stored_record(value);
    done = stored ? visit(stored->record) : fail(stored.error());
    return done.has_value();
  });
  return scanned ? done : scanned;
}

std::chrono::milliseconds RocksDbStore::outbox_age(WallTime now) const {
  WallTime oldest = now;
  const OutboxKey from = outbox_key(queue_.outbox().acknowledged_position + 1);
  const Result<void> scanned = database_.scan(Family::kOutbox, {from, {}}, [&oldest](ByteView /*key*/, ByteView value) {
    if (const Result<Event> event = decode_event(value)) {
      oldest = event->at;
    }
    return false;
  });
  ignore(scanned, "a store that cannot be read is told by others");
  return std::max(now - oldest, std::chrono::milliseconds{0});
}

void RocksDbStore::write_metrics(MetricsText& text, WallTime now) const {
  const StoreTotals held = totals();
  text.gauge("live_secrets", "Secrets that can be retrieved, and overdue ones not yet marked as expired.",
             held.live_secrets);
  text.gauge("stored_payload_bytes", "Bytes of all payloads, also of spent secrets until they are dropped.",
             held.payload_bytes);
  text.gauge("outbox_events", "Events that are decided and not yet in the audit log.", outbox_depth());
  text.gauge("outbox_age_seconds", "Age of the oldest event on disk that is not yet in the audit log; 0 without one.",
             std::chrono::duration<double>(outbox_age(now)).count());
  text.gauge("store_cache_bytes", "Bytes of the entry cache.", std::uint64_t{cached_bytes()});
  if (const std::optional<std::uint64_t> free = disk_space_.free_bytes()) {
    text.gauge("disk_free_bytes", "Bytes left for this process on the disk of the store.", *free);
  }
  text.histogram("store_sync_seconds", "Time that a synced write took, with its fsync.", commit_metrics_.sync_seconds);
  text.histogram("store_sync_operations", "Operations that shared a synced write.", commit_metrics_.sync_operations);
  text.counter("store_commits_total", "Batches written.", commit_metrics_.commits);
  text.counter("store_commit_failures_total", "Batches whose outcome is unknown.", commit_metrics_.failures);
}

}  // namespace disposable
