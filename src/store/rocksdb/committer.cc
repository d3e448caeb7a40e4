#include "store/rocksdb/committer.h"

#include <exception>

namespace disposable {

namespace {

// Bounds the memory of a batch, and how long the first in a long queue waits for the last.
constexpr std::size_t kBatchBytesMax = 4UL * 1024 * 1024;
constexpr std::chrono::seconds kIdle{1};
constexpr std::chrono::seconds kReopenEvery{1};

void add(Database::Batch& batch, const Change& change, std::uint64_t first_position) {
  const ByteView id = change.id.bytes;
  if (change.kind == Change::Kind::kPurge) {
    batch.remove(Family::kRecords, id);
  } else {
    batch.put(Family::kRecords, id, change.record);
  }
  if (change.new_payload != nullptr) {
    batch.put(Family::kPayloads, id, *change.new_payload);
  } else if (change.payload == Payload::kDrop) {
    batch.remove(Family::kPayloads, id);
  }
  if (change.due_before != change.due_after) {
    if (change.due_before.has_value()) {
      batch.remove(Family::kSchedule, schedule_key(*change.due_before, change.id));
    }
    if (change.due_after.has_value()) {
      batch.put(Family::kSchedule, schedule_key(*change.due_after, change.id), {});
    }
  }
  std::uint64_t position = first_position;
  for (const Bytes& event : change.events) {
    batch.put(Family::kOutbox, outbox_key(position), event);
    ++position;
  }
}

void add(Database::Batch& batch, const Acknowledgement& acknowledgement) {
  for (std::uint64_t position = acknowledgement.first; position <= acknowledgement.last; ++position) {
    batch.remove(Family::kOutbox, outbox_key(position));
  }
  // In the same batch as the removals: positions go on from here when the outbox is empty.
  batch.put(Family::kMeta, as_bytes(kAcknowledgedKey),
            encode_acknowledged({acknowledgement.last, acknowledgement.last_id}));
}

}  // namespace

Committer::Committer(const Parts& parts) : parts_(parts), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Committer::~Committer() {
  thread_.request_stop();
  parts_.queue.wake();
}

void Committer::run(const std::stop_token& stop) {
  try {
    std::uint64_t written = 0;
    while (true) {
      parts_.disk_space.sample(written);
      const std::vector<Operation> operations = parts_.queue.take(kBatchBytesMax, kIdle, stop);
      written = size_of(operations);
      if (operations.empty() && stop.stop_requested()) {
        return;
      }
      if (!operations.empty() && !commit(operations, stop)) {
        return;
      }
    }
  } catch (const std::exception& exception) {
    halt(std::string("the committer failed: ") + exception.what());
  }
}

bool Committer::commit(const std::vector<Operation>& operations, const std::stop_token& stop) {
  Database::Batch batch(parts_.database);
  // A lost acknowledgement only means that an event is shown again.
  Database::Sync sync = Database::Sync::kNo;
  for (const Operation& operation : operations) {
    if (const auto* change = std::get_if<Change>(&operation.what)) {
      add(batch, *change, operation.first_position);
      sync = Database::Sync::kYes;
    } else {
      add(batch, std::get<Acknowledgement>(operation.what));
    }
  }
  if (sync == Database::Sync::kYes) {
    batch.put(Family::kMeta, as_bytes(kTotalsKey), encode_totals(operations.back().totals));
  }
  const Database::Written written = write(batch, sync, operations.size());
  switch (written.outcome) {
    case Database::Outcome::kWritten:
      settle(operations);
      return true;
    case Database::Outcome::kNoSpace:
      suspend("the disk is full: " + written.reason);
      return recover(stop);
    case Database::Outcome::kFailed:
      halt("the store cannot write: " + written.reason);
      return false;
  }
  return false;
}

Database::Written Committer::write(Database::Batch& batch, Database::Sync sync, std::size_t operations) {
  const auto begin = std::chrono::steady_clock::now();
  Database::Written written = parts_.database.write(batch, sync);
  if (written.outcome != Database::Outcome::kWritten) {
    parts_.metrics.failures.add();
    return written;
  }
  parts_.metrics.commits.add();
  if (sync == Database::Sync::kYes) {
    parts_.metrics.sync_seconds.observe(std::chrono::steady_clock::now() - begin);
    parts_.metrics.sync_operations.observe(static_cast<double>(operations));
  }
  return written;
}

void Committer::settle(const std::vector<Operation>& operations) {
  parts_.listener.on_written(operations);
  parts_.progress.settle(operations.back().sequence);
  std::uint64_t durable_position = 0;
  for (const Operation& operation : operations) {
    const auto* change = std::get_if<Change>(&operation.what);
    if (change != nullptr && !change->events.empty()) {
      durable_position = operation.first_position + change->events.size() - 1;
    }
  }
  if (durable_position != 0) {
    parts_.queue.events_durable(durable_position);
  }
  parts_.listener.on_settled(operations);
}

void Committer::suspend(const std::string& reason) {
  const CommitSequence last = parts_.queue.suspend(reason);
  // Before the tickets fail: a settled state may be shown, so none of these may be left by then.
  parts_.listener.on_suspended();
  parts_.progress.settle_failed(last);
}

bool Committer::recover(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Result<void> opened = parts_.database.open();
    if (opened) {
      const Result<OutboxState> outbox = read_outbox_state(parts_.database);
      const Result<StoreTotals> totals = read_totals(parts_.database);
      if (outbox && totals) {
        parts_.listener.on_recovered();
        parts_.queue.resume(*outbox, *totals);
        return true;
      }
      opened = fail(outbox ? totals.error() : outbox.error());
    }
    if (opened.error().code == Errc::kCorrupt) {
      halt("the store is damaged: " + opened.error().detail);
      return false;
    }
    parts_.queue.sleep(kReopenEvery, stop);
  }
  return false;
}

void Committer::halt(const std::string& reason) {
  suspend(reason);
  parts_.listener.on_fatal(reason);
}

}  // namespace disposable
