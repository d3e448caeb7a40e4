#include "core/vault_steps.h"

namespace disposable {

Held<WallTime> Vault::erase(const StoreId& id, const Caller& caller) {
  RevealClaim rows(parts_.ledger);
  Verdict verdict;
  bool several = false;
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
      if (several && live.error().error.code == Errc::kSpent) {
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
    several = live->record.views > 1;
    const Result<Ticket> spent =
        spend(id, *live, mark_deleted(live->record, live->now, origin(live->now, caller.address)), rows,
              RevealClaim::Want::kAll);
    if (spent) {
      return {live->now, *spent};
    }
    if (spent.error().code != Errc::kConflict) {
      return {fail(spent.error())};
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
