#include "core/vault_steps.h"

namespace disposable {

Origin Vault::origin(WallTime now, std::string_view address) {
  return {address, EventId::generate(now, parts_.random), {}};
}

Result<Vault::Current> Vault::load(const StoreId& id) {
  Result<Loaded> loaded = parts_.store.load(id);
  if (!loaded) {
    return fail(loaded.error());
  }
  Result<Record> record = decode_record(loaded->record);
  if (!record) {
    return fail(record.error());
  }
  return Current{std::move(*record), loaded->version, loaded->ticket, parts_.clock.now()};
}

tl::expected<Vault::Current, Vault::Refusal> Vault::look(const StoreId& id) {
  for (;;) {
    Result<Current> current = load(id);
    if (!current) {
      return tl::unexpected(Refusal{current.error(), {}});
    }
    if (standing(current->record, current->now) != Standing::kOverdue) {
      return std::move(*current);
    }
    // Made durable before anybody is told, so that a clock set back cannot revive it.
    Transition expiry = mark_expired(current->record, current->now, origin(current->now, {}));
    const Result<Ticket> expired = apply(id, *current, expiry);
    if (expired) {
      return Current{std::move(expiry.next), current->version + 1, *expired, current->now};
    }
    if (expired.error().code != Errc::kConflict) {
      return tl::unexpected(Refusal{expired.error(), {}});
    }
  }
}

tl::expected<Vault::Current, Vault::Refusal> Vault::only_live(tl::expected<Current, Refusal> current) {
  if (!current) {
    return current;
  }
  switch (standing(current->record, current->now)) {
    case Standing::kLive:
      return current;
    case Standing::kSpent:
      return tl::unexpected(Refusal{{Errc::kSpent, "retrieved or deleted before"}, current->ticket});
    case Standing::kOverdue:
    case Standing::kAbsent:
      break;
  }
  return tl::unexpected(Refusal{{Errc::kNotFound, "expired"}, current->ticket});
}

bool Vault::changed_since(const StoreId& id, std::uint64_t version) {
  const Result<Loaded> loaded = parts_.store.load(id);
  return loaded ? loaded->version != version : loaded.error().code == Errc::kNotFound;
}

Result<Ticket> Vault::apply(const StoreId& id, const Current& current, const Transition& transition) {
  const bool drop = current.record.has_payload && !transition.next.has_payload;
  return parts_.store.replace(id, current.version,
                              {encode_record(transition.next), due_at(transition.next, current.now)},
                              drop ? Payload::kDrop : Payload::kKeep, transition.events);
}

Result<Ticket> Vault::confirm(const StoreId& id, const Current& current) {
  return apply(id, current, {current.record, {}});
}

// Rows from `first` downwards, and then from the top. They come before the store's change: a ledger that is away then
// costs no secret. For good only if the store would take the change, or a refusal would cost what is behind the row.
Result<void> Vault::ask_ledger(const StoreId& id, const Record& record, RevealClaim& claim, RevealClaim::Want want,
                               const EventId& name, int first) {
  if (!claim.wants()) {
    return {};  // what outlived a kConflict, too: a second row would meet it
  }
  Result<void> room = want == RevealClaim::Want::kOne ? Result<void>() : parts_.store.takes_changes();
  if (!room) {
    return room;
  }
  std::vector<StoreId> rows;
  for (int view = first; view > first - record.views; --view) {
    rows.push_back(parts_.keyring.view_row(id, static_cast<std::uint8_t>(view > 0 ? view : view + record.views)));
  }
  return claim.make(rows, want, name, record.expires_at);
}

// Given back is only what nobody can have met: the row of a reader without a claim, of a secret with one view. Of
// several views a deletion may have been refused this row and have taken the others, and must hold all the same. And
// where it is unknown whether the store took the view of a reader with a claim, he may be answered later without asking
// the ledger. He gets the same row again, so his order must not depend on what others do meanwhile.
Result<Ticket> Vault::take_view(const StoreId& id, const Current& current, const Transition& transition,
                                RevealClaim& claim, const std::optional<RecordHash>& reader) {
  const Record& record = current.record;
  const Result<void> granted = ask_ledger(
      id, record, claim, reader || record.views > 1 ? RevealClaim::Want::kOneForGood : RevealClaim::Want::kOne,
      reader ? EventId{*reader} : transition.events.front().id,
      reader ? 1 + reader->front() % record.views : record.views_left);
  if (!granted) {
    return fail(granted.error());
  }
  Result<Ticket> taken = apply(id, current, transition);
  if (taken) {
    claim.use();
  }
  return taken;
}

Result<void> Vault::serves(const Record& record, RecordFormat api) {
  if (record.request) {
    return fail(Errc::kNotFound, "a request holds no secret");
  }
  if (api == RecordFormat::kApiV1 && record.format == RecordFormat::kApiV2) {
    return fail(Errc::kInvalidArgument, "created with API v2");
  }
  return {};
}

// What the passphrase's verifier says never changes, so the verdict is given once. It is acted on, and told, only by a
// swap that found the record readable and not locked: a hundred guesses at once get no more than five answers.
tl::expected<Vault::Pass, Vault::Refusal> Vault::admit(const StoreId& id, const Current& current, const Caller& caller,
                                                       Verdict& verdict) {
  const Record& record = current.record;
  const Result<void> served = serves(record, caller.api);
  if (!served) {
    return tl::unexpected(Refusal{served.error(), current.ticket});
  }
  if (!caller.judge) {
    return Pass::kGoOn;
  }
  const std::chrono::seconds lock = locked_for(record, current.now);
  if (lock.count() > 0) {
    return tl::unexpected(Refusal{{Errc::kLocked, "locked after wrong passphrases", lock}, current.ticket});
  }
  if (!verdict.given) {
    Result<Verdict> given = caller.judge(record);
    if (!given) {
      return tl::unexpected(Refusal{given.error(), {}});
    }
    verdict = std::move(*given);
    if (record.guarded) {
      return Pass::kLoadAgain;  // Argon2 takes time: look at record and clock again
    }
  }
  if (!verdict.denial) {
    return Pass::kGoOn;
  }
  Origin by = origin(current.now, caller.address);
  by.second_event = EventId::generate(current.now, parts_.random);
  const Result<Ticket> denied = apply(id, current, mark_denied(record, current.now, by, *verdict.denial));
  if (denied) {
    return tl::unexpected(*verdict.denial == Denial::kProof ? Refusal{{Errc::kWrongProof, "wrong proof"}, *denied}
                                                            : Refusal{{Errc::kDenied, "wrong passphrase"}, *denied});
  }
  if (denied.error().code != Errc::kConflict) {
    return tl::unexpected(Refusal{denied.error(), {}});
  }
  return Pass::kLoadAgain;
}

}  // namespace disposable
