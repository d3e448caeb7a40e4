#include "core/vault_steps.h"

namespace disposable {

Result<Ticket> Vault::sweep_one(const StoreId& id, WallTime now, SweepReport& report) {
  Result<Current> current = load(id);
  if (!current) {
    return fail(current.error());
  }
  current->now = now;
  switch (sweep_step(current->record, now)) {
    case SweepStep::kNothing:
      return fail(Errc::kConflict, "not due any more");
    case SweepStep::kExpire: {
      Result<Ticket> done = apply(id, *current, mark_expired(current->record, now, origin(now, {})));
      report.expired += done ? 1U : 0U;
      return done;
    }
    case SweepStep::kCloseClaims: {
      Result<Ticket> done = apply(id, *current, {close_claims(current->record, now), {}});
      report.claims_closed += done ? 1U : 0U;
      return done;
    }
    case SweepStep::kDropPayload: {
      Transition drop{current->record, {}};
      drop.next.has_payload = false;
      Result<Ticket> done = apply(id, *current, drop);
      report.payloads_dropped += done ? 1U : 0U;
      return done;
    }
    case SweepStep::kPurge: {
      Result<Ticket> done = parts_.store.purge(id, current->version);
      report.purged += done ? 1U : 0U;
      return done;
    }
  }
  return fail(Errc::kInternal, "an unknown sweep step");
}

Result<SweepReport> Vault::sweep(std::size_t limit) {
  const WallTime now = parts_.clock.now();
  const Result<std::vector<DueEntry>> due = parts_.store.due(now, limit);
  if (!due) {
    return fail(due.error());
  }
  SweepReport report;
  Ticket last;
  for (const DueEntry& entry : *due) {
    const Result<Ticket> done = sweep_one(entry.id, now, report);
    if (done) {
      last = *done;
    } else {
      ++report.skipped;
      // One entry that cannot be read, or is refused, must not keep the others from their end; a store that cannot
      // commit ends it for all.
      const Result<void> store = parts_.store.ready();
      if (!store) {
        return fail(store.error());
      }
    }
  }
  const Result<void> durable = last.wait();
  if (!durable) {
    return fail(durable.error());
  }
  return report;
}

}  // namespace disposable
