#include "core/vault_steps.h"

namespace disposable {

Held<WallTime> Vault::erase(const StoreId& id, const Caller& caller) {
  RevealClaim rows(parts_.ledger);
  Verdict verdict;
  for (;;) {
    tl::expected<Current, Refusal> found = look(id);
    if (found && found->record.state == State::kDeleted) {
      // Perhaps by an attempt that failed: who tries again takes the refusal for success.
      const Result<Ticket> confirmed = confirm(id, *found);
      if (!confirmed && confirmed.error().code == Errc::kConflict) {
        continue;
      }
      if (!confirmed) {
        return {fail(confirmed.error())};
      }
      found->ticket = *confirmed;
    }
    const tl::expected<Current, Refusal> live = only_live(std::move(found));
    if (!live) {
      return {fail(live.error().error), live.error().ticket};
    }
    const tl::expected<Pass, Refusal> pass = admit(id, *live, caller, verdict);
    if (!pass) {
      return {fail(pass.error().error), pass.error().ticket};
    }
    if (*pass == Pass::kLoadAgain) {
      continue;
    }
    const Record& record = live->record;
    const Origin by = origin(live->now, caller.address);
    // A store that forgets a deletion must not hand the secret out either.
    const Result<void> claimed =
        ask_ledger(id, record, rows, RevealClaim::Want::kAllForGood, kDeletionClaim, record.views);
    const bool handed_out = !claimed && claimed.error().code == Errc::kSpent;
    if (!claimed && !handed_out) {
      return {fail(claimed.error())};
    }
    // What the ledger says was handed out ends all the same: it may be a reader who was never answered, and is when he
    // comes again.
    const Result<Ticket> ended =
        apply(id, *live, handed_out ? mark_handed_out(record, live->now, by) : mark_deleted(record, live->now, by));
    if (ended) {
      return {handed_out ? Result<WallTime>(fail(claimed.error())) : live->now, *ended};
    }
    if (ended.error().code != Errc::kConflict) {
      return {fail(ended.error())};
    }
  }
}

Held<void> Vault::delete_secret(const SecretKey& key, const SecretBytes& passphrase, std::string_view address) {
  const auto judge_passphrase = [&](const Record& record) { return judge(key, record, {}, passphrase.expose()); };
  const Held<WallTime> held = erase(parts_.keyring.store_id(key), {RecordFormat::kApiV1, judge_passphrase, address});
  return {held.outcome ? Result<void>() : fail(held.outcome.error()), held.ticket};
}

Held<WallTime> Vault::delete_secret(const SecretKey& key, const Access& access, std::string_view address) {
  const auto judge_access = [&](const Record& record) {
    return judge(key, record, access.proof.expose(), access.passphrase.expose());
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
