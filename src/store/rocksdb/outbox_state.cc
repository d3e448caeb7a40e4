#include "store/rocksdb/outbox_state.h"

#include "store/rocksdb/database.h"

namespace disposable {

Result<OutboxState> read_outbox_state(const Database& database) {
  const auto stored = database.read(Family::kMeta, as_bytes(kAcknowledgedKey));
  if (!stored) {
    return fail(stored.error());
  }
  OutboxState state;
  if (stored->has_value()) {
    const auto mark = decode_acknowledged(**stored);
    if (!mark) {
      return fail(mark.error());
    }
    state.acknowledged_position = mark->position;
    state.acknowledged_id = mark->id;
  }
  const auto last = database.last_key(Family::kOutbox, outbox_key(state.acknowledged_position + 1));
  if (!last) {
    return fail(last.error());
  }
  state.durable_position = state.acknowledged_position;
  if (last->has_value()) {
    const auto position = decode_outbox_key(**last);
    if (!position) {
      return fail(position.error());
    }
    state.durable_position = *position;
  }
  state.next_position = state.durable_position + 1;
  return state;
}

Result<StoreTotals> read_totals(const Database& database) {
  const auto stored = database.read(Family::kMeta, as_bytes(kTotalsKey));
  if (!stored) {
    return fail(stored.error());
  }
  return stored->has_value() ? decode_totals(**stored) : StoreTotals{};
}

}  // namespace disposable
