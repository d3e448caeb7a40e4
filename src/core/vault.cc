#include "core/vault.h"

#include "core/envelope.h"

namespace disposable {

namespace {

tl::unexpected<Error> lane_full() {
  return fail(Error{Errc::kRateLimited, "the passphrase lane is full", std::chrono::seconds{1}});
}

tl::unexpected<Error> locked(std::chrono::seconds remaining) {
  return fail(Error{Errc::kRateLimited, "deletion is locked after wrong passphrases", remaining});
}

}  // namespace

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
  return Current{std::move(*record), loaded->version, loaded->ticket, {}};
}

Result<SecretBytes> Vault::seal_verifier(const SecretBytes& passphrase) {
  const std::optional<PassphraseLane::Slot> slot = parts_.lane.enter();
  if (!slot) {
    return lane_full();
  }
  return make_verifier(passphrase.expose(), parts_.keyring.pepper(), parts_.argon2, parts_.random);
}

Held<SecretKey> Vault::create(NewSecret secret, std::string_view address) {
  RandomBatch random(parts_.random);
  SecretKey key = SecretKey::generate(random);
  const StoreId id = parts_.keyring.store_id(key);
  Record record;
  record.guarded = !secret.passphrase.empty();
  SecretBytes verifier;
  if (record.guarded) {
    Result<SecretBytes> made = seal_verifier(secret.passphrase);
    if (!made) {
      return {fail(made.error())};
    }
    verifier = std::move(*made);
  }
  // The clock is read after Argon2, so that waiting in the lane does not eat the secret's time.
  const WallTime now = parts_.clock.now();
  record.has_payload = true;
  record.created_at = now;
  record.expires_at = now + secret.ttl;
  record.epoch = parts_.keyring.current_epoch();
  record.fingerprint = parts_.keyring.fingerprint(key);

  Result<Bytes> payload = seal_secret(parts_.keyring, key, secret.secret.expose(), verifier.expose(), random, record);
  if (!payload) {
    return {fail(payload.error())};
  }
  const Event event = created_event(record, {address, EventId::generate(now, random), {}});
  const Result<Ticket> ticket =
      parts_.store.insert(id, {encode_record(record), due_at(record, now)}, std::move(*payload), {&event, 1});
  if (!ticket) {
    // A taken id means that 122 random bits repeated: refuse and let the client try again.
    return {fail(ticket.error().code == Errc::kAlreadyExists ? Error{Errc::kUnavailable, "a generated key repeated"}
                                                             : ticket.error())};
  }
  return {std::move(key), *ticket};
}

Result<SecretBytes> Vault::open_payload(const StoreId& id, const SecretKey& key, const Record& record) {
  const Result<Bytes> payload = parts_.store.load_payload(id);
  if (!payload) {
    return fail(payload.error().code == Errc::kNotFound ? Error{Errc::kCorrupt, "a live record has no payload"}
                                                        : payload.error());
  }
  return open_secret(parts_.keyring, key, record, *payload);
}

Result<Ticket> Vault::apply(const StoreId& id, const Current& current, const Transition& transition) {
  const bool drop = current.record.has_payload && !transition.next.has_payload;
  return parts_.store.replace(id, current.version,
                              {encode_record(transition.next), due_at(transition.next, current.now)},
                              drop ? Payload::kDrop : Payload::kKeep, transition.events);
}

// The claim comes first: a ledger that is away then costs no secret. It outlives a kConflict, since a second one would
// meet it. A deletion claims, too: a store that forgets it must not hand the secret out.
Result<Ticket> Vault::spend(const StoreId& id, const Current& current, const Transition& transition,
                            RevealClaim& claim) {
  const Result<void> claimed = claim.make(transition.events.front().id, current.record.expires_at);
  if (!claimed) {
    return fail(claimed.error());
  }
  Result<Ticket> spent = apply(id, current, transition);
  if (spent) {
    claim.use();
  }
  return spent;
}

tl::expected<Vault::Current, Vault::Refusal> Vault::load_live(const StoreId& id) {
  for (;;) {
    Result<Current> current = load(id);
    if (!current) {
      return tl::unexpected(Refusal{current.error(), {}});
    }
    current->now = parts_.clock.now();
    switch (standing(current->record, current->now)) {
      case Standing::kLive:
        return std::move(*current);
      case Standing::kAbsent:
        return tl::unexpected(Refusal{{Errc::kNotFound, "expired"}, current->ticket});
      case Standing::kSpent:
        return tl::unexpected(Refusal{{Errc::kSpent, "retrieved or deleted before"}, current->ticket});
      case Standing::kOverdue:
        break;
    }
    // Made durable before anybody is told, so that a clock set back cannot revive it.
    const Result<Ticket> expired =
        apply(id, *current, mark_expired(current->record, current->now, origin(current->now, {})));
    if (expired) {
      return tl::unexpected(Refusal{{Errc::kNotFound, "expired"}, *expired});
    }
    if (expired.error().code != Errc::kConflict) {
      return tl::unexpected(Refusal{expired.error(), {}});
    }
  }
}

bool Vault::changed_since(const StoreId& id, std::uint64_t version) {
  const Result<Loaded> loaded = parts_.store.load(id);
  return loaded ? loaded->version != version : loaded.error().code == Errc::kNotFound;
}

Held<SecretBytes> Vault::retrieve(const SecretKey& key, std::string_view address) {
  const StoreId id = parts_.keyring.store_id(key);
  RevealClaim claim(parts_.ledger, id);
  for (;;) {
    const tl::expected<Current, Refusal> live = load_live(id);
    if (!live) {
      return {fail(live.error().error), live.error().ticket};
    }
    Result<SecretBytes> secret = open_payload(id, key, live->record);
    if (!secret) {
      // The payload may be gone because somebody else was first; only an unchanged record is really broken.
      if (changed_since(id, live->version)) {
        continue;
      }
      return {fail(secret.error())};
    }
    const Result<Ticket> spent =
        spend(id, *live, mark_retrieved(live->record, live->now, origin(live->now, address)), claim);
    if (spent) {
      return {std::move(secret), *spent};
    }
    if (spent.error().code != Errc::kConflict) {
      return {fail(spent.error())};
    }
  }
}

Result<bool> Vault::passphrase_matches(const SecretKey& key, const Record& record, const SecretBytes& passphrase) {
  if (!record.guarded) {
    return true;
  }
  if (passphrase.empty()) {
    return false;
  }
  const Result<SecretBytes> verifier = open_verifier(parts_.keyring, key, record);
  if (!verifier) {
    return fail(verifier.error());
  }
  const std::optional<PassphraseLane::Slot> slot = parts_.lane.enter();
  if (!slot) {
    return lane_full();
  }
  return verify_passphrase(passphrase.expose(), parts_.keyring.pepper(), verifier->expose());
}

Held<void> Vault::delete_secret(const SecretKey& key, const SecretBytes& passphrase, std::string_view address) {
  const StoreId id = parts_.keyring.store_id(key);
  RevealClaim claim(parts_.ledger, id);
  // The verifier never changes, so the verdict is computed once. It is acted on, and told, only by a swap that found
  // the record live and not locked: a hundred guesses at once get no more than five answers.
  std::optional<bool> matches;
  for (;;) {
    const tl::expected<Current, Refusal> live = load_live(id);
    if (!live) {
      return {fail(live.error().error), live.error().ticket};
    }
    const std::chrono::seconds lock = locked_for(live->record, live->now);
    if (lock.count() > 0) {
      return {locked(lock), live->ticket};
    }
    if (!matches) {
      const Result<bool> verdict = passphrase_matches(key, live->record, passphrase);
      if (!verdict) {
        return {fail(verdict.error())};
      }
      matches = *verdict;
      continue;  // Argon2 takes time: look at record and clock again
    }
    Origin by = origin(live->now, address);
    by.second_event = EventId::generate(live->now, parts_.random);
    const Result<Ticket> applied = *matches ? spend(id, *live, mark_deleted(live->record, live->now, by), claim)
                                            : apply(id, *live, mark_denied(live->record, live->now, by));
    if (applied) {
      return *matches ? Held<void>{{}, *applied} : Held<void>{fail(Errc::kDenied, "wrong passphrase"), *applied};
    }
    if (applied.error().code != Errc::kConflict) {
      return {fail(applied.error())};
    }
  }
}

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
