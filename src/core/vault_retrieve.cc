#include "core/vault_steps.h"

namespace disposable {

Result<Bytes> Vault::load_payload(const StoreId& id) {
  Result<Bytes> payload = parts_.store.load_payload(id);
  if (!payload && payload.error().code == Errc::kNotFound) {
    return fail(Errc::kCorrupt, "a readable record has no payload");
  }
  return payload;
}

Result<PayloadBudget::Share> Vault::reserve(const Record& record) {
  if (parts_.budget == nullptr) {
    return PayloadBudget::Share();
  }
  std::optional<PayloadBudget::Share> share = parts_.budget->reserve(2 * record.bytes);
  if (!share) {
    return fail(Error{Errc::kUnavailable, "retrievals take all the memory that they may", std::chrono::seconds{1}});
  }
  return std::move(*share);
}

Held<SecretBytes> Vault::retrieve(const SecretKey& key, std::string_view address) {
  const StoreId id = parts_.keyring.store_id(key);
  RevealClaim claim(parts_.ledger);
  for (;;) {
    const tl::expected<Current, Refusal> live = only_live(look(id));
    if (!live) {
      if (live.error().error.code == Errc::kSpent) {
        claim.use();  // whoever was refused this row was told that nobody gets the secret any more: it stays taken
      }
      return {fail(live.error().error), live.error().ticket};
    }
    const Result<void> served = serves(live->record, RecordFormat::kApiV1);
    if (!served) {
      return {fail(served.error()), live->ticket};
    }
    const Result<Bytes> payload = load_payload(id);
    Result<SecretBytes> secret =
        payload ? open_secret(parts_.keyring, {key, live->record, {}}, *payload) : fail(payload.error());
    if (!secret) {
      // The payload may be gone because somebody else was first; only an unchanged record is really broken.
      if (changed_since(id, live->version)) {
        continue;
      }
      return {fail(secret.error())};
    }
    const Result<Ticket> spent =
        take_view(id, *live, mark_retrieved(live->record, live->now, origin(live->now, address)), claim);
    if (spent) {
      return {std::move(secret), *spent};
    }
    if (spent.error().code != Errc::kConflict) {
      return {fail(spent.error())};
    }
  }
}

Result<Vault::Verdict> Vault::judge(const SecretKey& key, const Record& record, const Shown& shown) {
  Verdict verdict;
  verdict.given = true;
  if (record.asks_proof) {
    const Result<bool> fits = proof_fits(parts_.keyring, key, record, shown.proof);
    if (!fits) {
      return fail(fits.error());
    }
    if (!*fits) {
      verdict.denial = Denial::kProof;
      return verdict;
    }
    verdict.factors.proof = SecretBytes::copy_of(shown.proof);
  }
  if (!record.guarded) {
    return verdict;
  }
  if (shown.passphrase.empty()) {
    verdict.denial = Denial::kPassphrase;
    return verdict;
  }
  const Result<SecretBytes> verifier = open_verifier(parts_.keyring, key, record);
  if (!verifier) {
    return fail(verifier.error());
  }
  const std::optional<PassphraseLane::Slot> slot = parts_.lane.enter(shown.address);
  if (!slot) {
    return fail(Error{Errc::kRateLimited, "the passphrase lane is full", std::chrono::seconds{1}});
  }
  if (record.format == RecordFormat::kApiV1) {
    const Result<bool> matches = verify_passphrase(shown.passphrase, parts_.keyring.pepper(), verifier->expose());
    if (!matches) {
      return fail(matches.error());
    }
    if (!*matches) {
      verdict.denial = Denial::kPassphrase;
    }
    return verdict;
  }
  Result<SecretBytes> factor = passphrase_factor(shown.passphrase, parts_.keyring.pepper(), verifier->expose());
  if (!factor) {
    return fail(factor.error());
  }
  if (factor->empty()) {
    verdict.denial = Denial::kPassphrase;
  }
  verdict.factors.passphrase = std::move(*factor);
  return verdict;
}

tl::expected<Vault::Current, Vault::Refusal> Vault::load_claimed(const StoreId& id, const SecretKey& key,
                                                                 ByteView claim) {
  for (;;) {
    tl::expected<Current, Refusal> current = look(id);
    // Without open claims the epoch's key is not asked for, which may have been destroyed long since.
    if (!current || claim.empty() || current->record.claims.empty() ||
        standing(current->record, current->now) != Standing::kSpent) {
      return only_live(std::move(current));
    }
    Record open = close_claims(current->record, current->now);
    if (open.claims.size() < current->record.claims.size()) {
      // Wiped before anybody is told, so that a clock set back cannot open it again.
      const Result<Ticket> closed = apply(id, *current, {std::move(open), {}});
      if (!closed && closed.error().code != Errc::kConflict) {
        return tl::unexpected(Refusal{closed.error(), {}});
      }
      continue;
    }
    const Result<RecordHash> name = claim_name(parts_.keyring, key, current->record, claim);
    if (!name) {
      return tl::unexpected(Refusal{name.error(), {}});
    }
    const OpenClaim* const found = find_claim(current->record, *name);
    if (found == nullptr) {
      return only_live(std::move(current));
    }
    return current;
  }
}

Result<Vault::Reading> Vault::read(const SecretKey& key, const Current& current, const Verdict& verdict, ByteView claim,
                                   std::string_view address, Opened& opened_before) {
  const Record& record = current.record;
  const Opening opening{key, record, verdict.factors};
  const bool again = opened_before.is_of(record);
  const Result<Bytes> payload = again ? Result<Bytes>() : load_payload(parts_.keyring.store_id(key));
  if (!payload) {
    return fail(payload.error());
  }
  const Origin by = origin(current.now, address);
  std::optional<OpenClaim> opened;
  std::optional<RecordHash> reader;
  if (!claim.empty() && record.format == RecordFormat::kApiV2) {
    const Result<RecordHash> name = claim_name(parts_.keyring, key, record, claim);
    if (!name) {
      return fail(name.error());
    }
    const OpenClaim* const found = find_claim(record, *name);
    if (found != nullptr && is_open(*found, current.now)) {
      if (found->repetitions >= kRepetitionsMax && standing(record, current.now) == Standing::kSpent) {
        return fail(Errc::kSpent, "an answer was repeated too often, and there is no other");
      }
      if (found->repetitions >= kRepetitionsMax) {
        const auto left = std::chrono::ceil<std::chrono::seconds>(found->until - current.now);
        return fail(Error{Errc::kRateLimited, "an answer was repeated too often", left});
      }
      Result<SecretBytes> secret =
          again ? std::move(opened_before.secret) : open_claimed(parts_.keyring, opening, *found, claim, *payload);
      return secret ? Result<Reading>(Reading{{std::move(*secret), found->views_left, true},
                                              mark_repeated(record, *found, current.now, by),
                                              true,
                                              *name})
                    : fail(secret.error());
    }
    Result<OpenClaim> sealed = seal_claim(parts_.keyring, opening, claim, parts_.random);
    if (!sealed) {
      return fail(sealed.error());
    }
    opened = std::move(*sealed);
    reader = *name;
  }
  Result<SecretBytes> secret = again ? std::move(opened_before.secret) : open_secret(parts_.keyring, opening, *payload);
  if (!secret) {
    return fail(secret.error());
  }
  const int views_left = record.views_left - 1;
  return Reading{{std::move(*secret), views_left, opened.has_value()},
                 mark_retrieved(record, current.now, by, std::move(opened)),
                 false,
                 reader};
}

Held<Revealed> Vault::retrieve(const SecretKey& key, const Access& access, ByteView claim, std::string_view address) {
  if (!claim.empty() && (claim.size() < kClaimSizeMin || claim.size() > kClaimSizeMax)) {
    return {fail(Errc::kInvalidArgument, "a claim of another size")};
  }
  const StoreId id = parts_.keyring.store_id(key);
  RevealClaim rows(parts_.ledger);
  const auto judge_access = [&](const Record& record) {
    return judge(key, record, {access.proof.expose(), access.passphrase.expose(), address});
  };
  Verdict verdict;
  Opened opened;
  std::optional<PayloadBudget::Share> memory;
  for (;;) {
    const tl::expected<Current, Refusal> current = load_claimed(id, key, claim);
    if (!current) {
      if (current.error().error.code == Errc::kSpent) {
        rows.use();  // as above
      }
      return {fail(current.error().error), current.error().ticket};
    }
    Caller caller{RecordFormat::kApiV2, {}, address};
    if (current->record.format == RecordFormat::kApiV2) {
      caller.judge = judge_access;  // a passphrase of API v1 guards deletion only
    }
    const tl::expected<Pass, Refusal> pass = admit(id, *current, caller, verdict);
    if (!pass) {
      return {fail(pass.error().error), pass.error().ticket};
    }
    if (*pass == Pass::kLoadAgain) {
      continue;
    }
    if (!memory) {
      Result<PayloadBudget::Share> share = reserve(current->record);
      if (!share) {
        return {fail(share.error()), current->ticket};
      }
      memory.emplace(std::move(*share));
    }
    Result<Reading> reading = read(key, *current, verdict, claim, address, opened);
    if (!reading) {
      if (changed_since(id, current->version)) {
        continue;
      }
      return {fail(reading.error()), current->ticket};
    }
    const Result<Ticket> done = reading->repeats ? apply(id, *current, reading->transition)
                                                 : take_view(id, *current, reading->transition, rows, reading->reader);
    if (done) {
      return {std::move(reading->revealed), *done};
    }
    if (done.error().code != Errc::kConflict) {
      return {fail(done.error())};
    }
    opened = {std::move(reading->revealed.secret), current->record.created_at};
  }
}

}  // namespace disposable
