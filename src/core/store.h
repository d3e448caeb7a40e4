// SecretStore and Outbox: what the domain asks of a backend. One contract suite (tests/contract) runs against every
// one.
//
// A store knows records as opaque bytes with a due time and a version. It has no clock, no keys and no opinion about
// states. Compare-and-swap is the only way to change a record, so the store is the one point that decides a race.
//
// All methods are thread-safe and may be called from any thread. None waits for the disk except to read: a change
// returns a ticket as soon as it is decided. Changes become durable in the order of their tickets, each together with
// its events, all or nothing.
//
// Nothing has happened after an error, but for kUnavailable of a store elsewhere: there the change may have happened,
// or may not last, and what load() says of it is not confirmed either. A further change of the same record that
// succeeds confirms all before it.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/event.h"
#include "core/ticket.h"

namespace disposable {

// The small, changing part of a secret. The payload is a thing apart, so that a change need not rewrite it.
struct Entry {
  Bytes record;
  WallTime due;  // when the sweeper must look at it next
};

struct Loaded {
  Bytes record;
  std::uint64_t version = 0;  // 1 after insert, one more after every replace
  Ticket ticket;              // of the change that wrote what was read
};

struct DueEntry {
  StoreId id;
  WallTime due;
};

enum class Payload : std::uint8_t { kKeep, kDrop };

class SecretStore : public Durability {
 public:
  // Adds a record at version 1 with its payload and events. kAlreadyExists when the id is taken; kUnavailable when the
  // store cannot commit, or the outbox is so full that creates are refused; kStorageFull when it holds as much as it
  // may.
  virtual Result<Ticket> insert(const StoreId& id, Entry entry, Bytes payload, std::span<const Event> events) = 0;

  // kNotFound when there is no such record, kUnavailable when the store cannot tell.
  virtual Result<Loaded> load(const StoreId& id) = 0;

  // kNotFound when there is none (never inserted, dropped or purged), kUnavailable when the store cannot tell.
  virtual Result<Bytes> load_payload(const StoreId& id) = 0;

  // Replaces the record if it is at `expected_version`, and drops the payload if told so. kConflict when it is at
  // another version or gone, kUnavailable as for insert (refused later than creates).
  virtual Result<Ticket> replace(const StoreId& id, std::uint64_t expected_version, Entry entry, Payload payload,
                                 std::span<const Event> events) = 0;

  // Removes the record and its payload if it is at `expected_version`. kConflict, kUnavailable as above.
  virtual Result<Ticket> purge(const StoreId& id, std::uint64_t expected_version) = 0;

  // Up to `limit` entries with due <= now, earliest first. `now` never goes backwards between calls, and every entry's
  // due lies at or after the `now` of its writer. May leave out changes that are not durable yet.
  virtual Result<std::vector<DueEntry>> due(WallTime now, std::size_t limit) = 0;

  // kUnavailable with the reason while the store cannot commit.
  virtual Result<void> ready() = 0;

  // Whether a replace with events would be taken now: there is room for it, too. kUnavailable with the reason.
  virtual Result<void> takes_changes() = 0;
};

struct OutboxEntry {
  std::uint64_t position = 0;  // strictly increasing, in commit order
  Event event;
};

// The events that are durable and not yet acknowledged, in commit order. One caller thread at a time.
class Outbox {
 public:
  Outbox() = default;
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  virtual ~Outbox() = default;

  // The first `limit` entries after `position` (0: from the start). Only durable events are shown.
  virtual Result<std::vector<OutboxEntry>> pending(std::uint64_t after_position, std::size_t limit) = 0;

  // Forgets everything up to and with `last`. Need not be durable on return: an event may be shown again after a crash.
  // `last.event.id` is remembered as the last one acknowledged.
  virtual Result<void> acknowledge(const OutboxEntry& last) = 0;

  // The event acknowledged last in the life of the store: an audit log that lacks it has been rolled back.
  virtual Result<std::optional<EventId>> last_acknowledged() = 0;

  // Blocks until events may be pending or `timeout` has passed.
  virtual void wait_pending(std::chrono::milliseconds timeout) = 0;
};

}  // namespace disposable
