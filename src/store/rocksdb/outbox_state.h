// What the store must remember from one life to the next, and reads when it starts or recovers: where its outbox is,
// and its totals. Values.

#pragma once

#include "core/store.h"
#include "store/store_totals.h"

namespace disposable {

class Database;

// Positions are given without gaps and never twice; everything up to the acknowledged one is gone.
struct OutboxState {
  std::uint64_t next_position = 1;
  std::uint64_t durable_position = 0;
  std::uint64_t acknowledged_position = 0;
  std::optional<EventId> acknowledged_id{};

  // Events that are decided and not yet acknowledged.
  std::uint64_t depth() const { return next_position - 1 - acknowledged_position; }
};

// As recovery has left it; reads two keys.
Result<OutboxState> read_outbox_state(const Database& database);
Result<StoreTotals> read_totals(const Database& database);

}  // namespace disposable
