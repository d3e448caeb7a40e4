#include "core/vault_steps.h"

namespace disposable {

// Perhaps an attempt that failed has deleted it: who tries again takes the refusal for success.
tl::expected<Vault::Current, Vault::Refusal> Vault::look_confirmed(const StoreId& id) {
  for (;;) {
    tl::expected<Current, Refusal> found = look(id);
    if (!found || found->record.state != State::kDeleted) {
      return found;
    }
    const Result<Ticket> confirmed = confirm(id, *found);
    if (confirmed) {
      found->ticket = *confirmed;
      return found;
    }
    if (confirmed.error().code != Errc::kConflict) {
      return tl::unexpected(Refusal{confirmed.error(), {}});
    }
  }
}

Held<WallTime> Vault::erase(const StoreId& id, const Caller& caller) {
  RevealClaim rows(parts_.ledger);
  Verdict verdict;
  for (;;) {
    const tl::expected<Current, Refusal> live = only_live(look_confirmed(id));
    if (!live) {
      if (live.error().error.code == Errc::kSpent) {
        rows.use();  // as for a retrieval
      }
      return {fail(live.error().error), live.error().ticket};
    }
    const tl::expected<Pass, Refusal> pass = admit(id, *live, caller, verdict);
    if (!pass) {
      return {fail(pass.error().error), pass.error().ticket};
    }
    if (*pass == Pass::kLoadAgain) {
      continue;
    }
    // A store that forgets a deletion must not hand the secret out either. Of API v2 the next deletion finishes one
    // that failed; of v1 a failed one has changed nothing.
    const Record& record = live->record;
    const Origin by = origin(live->now, caller.address);
    const bool for_good = record.format == RecordFormat::kApiV2;
    const Result<void> claimed =
        ask_ledger(id, record, rows, for_good ? RevealClaim::Want::kAllForGood : RevealClaim::Want::kOne,
                   for_good ? kDeletionClaim : by.first_event, record.views);
    // A reader with a claim whose row it is may never have been answered, and would be when he comes again, after the
    // deletion was told that it is too late: so all ends here. API v1 knows no claims.
    const bool handed_out = !claimed && claimed.error().code == Errc::kSpent && for_good;
    if (!claimed && !handed_out) {
      return {fail(claimed.error())};
    }
    const Result<Ticket> ended =
        apply(id, *live, handed_out ? mark_handed_out(record, live->now, by) : mark_deleted(record, live->now, by));
    if (ended) {
      rows.use();
      return {handed_out ? Result<WallTime>(fail(claimed.error())) : live->now, *ended};
    }
    if (ended.error().code != Errc::kConflict) {
      return {fail(ended.error())};
    }
  }
}

Held<void> Vault::delete_secret(const SecretKey& key, const SecretBytes& passphrase, std::string_view address) {
  const auto judge_passphrase = [&](const Record& record) {
    return judge(key, record, {{}, passphrase.expose(), address});
  };
  const Held<WallTime> held = erase(parts_.keyring.store_id(key), {RecordFormat::kApiV1, judge_passphrase, address});
  return {held.outcome ? Result<void>() : fail(held.outcome.error()), held.ticket};
}

Held<WallTime> Vault::delete_secret(const SecretKey& key, const Access& access, std::string_view address) {
  const auto judge_access = [&](const Record& record) {
    return judge(key, record, {access.proof.expose(), access.passphrase.expose(), address});
  };
  return erase(parts_.keyring.store_id(key), {RecordFormat::kApiV2, judge_access, address});
}

Held<WallTime> Vault::delete_by_receipt(const ReceiptKey& receipt, std::string_view address) {
  const Result<StoreId> id = parts_.keyring.open_receipt(receipt);
  if (!id) {
    return {fail(id.error())};
  }
  return erase(*id, {RecordFormat::kApiV2, {}, address});
}

}  // namespace disposable
