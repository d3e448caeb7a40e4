// What the store must remember of its outbox. Positions are given without gaps and never twice; everything up to the
// acknowledged one is gone. A value.

#pragma once

#include "core/store.h"

namespace disposable {

class Database;

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

}  // namespace disposable
