#include "app/doctor_backends.h"

#include <algorithm>

#include "app/backends.h"
#include "app/key_file.h"

namespace disposable {

namespace {

BackendParts parts_of(const Examination& examination, const Keyring& keyring, std::string& warnings) {
  return {examination.options.paths,
          examination.options.backends,
          keyring,
          examination.clock,
          examination.random,
          [&warnings](const std::string& warning) { warnings += (warnings.empty() ? "" : "; ") + warning; },
          /*create=*/false};
}

}  // namespace

Finding examine_needs(const EpochNeeds& needs, const Result<Keyring>& keyring) {
  const std::vector<std::uint32_t> epochs = keyring ? keyring->epochs() : std::vector<std::uint32_t>{};
  for (const std::uint32_t needed : needs.epochs) {
    if (keyring && std::find(epochs.begin(), epochs.end(), needed) == epochs.end()) {
      return {Verdict::kFailed, "live secrets need epoch " + std::to_string(needed) + ", which the keyring lacks",
              "put a key file back that has it"};
    }
  }
  return {Verdict::kOk, std::to_string(needs.secrets) + " secrets, every record reads"};
}

Finding examine_shared_store(const Examination& examination) {
  const Result<Keyring> keyring = read_key_file(examination.options.paths.key_file);
  if (!keyring) {
    return {Verdict::kFailed, "it cannot be checked without the keyring", "name it with --key-file"};
  }
  std::string warnings;
  const auto store = open_store(parts_of(examination, *keyring, warnings), {}, {});
  if (!store && store.error().code == Errc::kNotFound) {
    return {Verdict::kOk, "none yet; the service makes one when it starts"};
  }
  if (!store) {
    return {Verdict::kFailed, store.error().detail, "see --store"};
  }
  const Result<EpochNeeds> needs = survey_epochs(**store, examination.now);
  if (!needs) {
    return {Verdict::kFailed, needs.error().detail, "see 'When something is down' in the documentation"};
  }
  const Finding finding = examine_needs(*needs, keyring);
  return finding.verdict == Verdict::kOk && !warnings.empty()
             ? Finding{Verdict::kWarning, warnings, "see --accept-data-loss"}
             : finding;
}

Finding examine_ledger(const Examination& examination) {
  if (examination.options.backends.ledger.empty()) {
    return {Verdict::kOk, "none; the store alone decides who gets a secret"};
  }
  const Result<Keyring> keyring = read_key_file(examination.options.paths.key_file);
  if (!keyring) {
    return {Verdict::kFailed, "it cannot be checked without the keyring", "name it with --key-file"};
  }
  std::string warnings;
  const auto ledger = open_ledger(parts_of(examination, *keyring, warnings));
  if (!ledger && ledger.error().code == Errc::kNotFound) {
    return {Verdict::kOk, "none yet; the service makes one when it starts"};
  }
  if (!ledger) {
    return {Verdict::kFailed, ledger.error().detail, "see --ledger"};
  }
  return warnings.empty() ? Finding{Verdict::kOk, "claims can be made"}
                          : Finding{Verdict::kWarning, warnings, "see --accept-data-loss"};
}

std::optional<EventId> last_acknowledged(const Examination& examination, const Keyring& keyring) {
  if (examination.options.backends.store.empty()) {
    const Result<StoreHead> head = read_store_head(examination.options.paths.store());
    return head ? head->last_acknowledged : std::nullopt;
  }
  std::string ignored;
  const auto store = open_store(parts_of(examination, keyring, ignored), {}, {});
  const Result<std::optional<EventId>> last = store ? (*store)->last_acknowledged() : fail(store.error());
  return last ? *last : std::nullopt;
}

}  // namespace disposable
