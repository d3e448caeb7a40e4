#include "app/doctor_checks.h"

#include <algorithm>

#include "app/backends.h"
#include "app/doctor_backends.h"
#include "app/epoch_needs.h"
#include "app/epoch_uses.h"
#include "app/key_file.h"
#include "app/page_brand.h"
#include "app/process.h"
#include "app/restore_staging.h"
#include "app/token_file.h"
#include "http/tls_context.h"

namespace disposable {

namespace {

// Parsing has found no mistake, or there would be no examination.
Finding examine_configuration(const Examination& examination) {
  const std::string& file = examination.options.config;
  return {Verdict::kOk, file.empty() ? "no configuration file; command line, environment and defaults" : file};
}

Finding examine_certificate(const Examination& examination) {
  const ServeOptions& options = examination.options;
  if (options.tls_certificate.empty()) {
    return {Verdict::kOk, "none; plain HTTP, for a proxy or this machine"};
  }
  const auto context = TlsContext::load({options.tls_certificate, options.tls_key});
  if (!context) {
    return {Verdict::kFailed, context.error().detail, "see --tls-cert and --tls-key"};
  }
  const Result<void> valid = (*context)->valid_at(examination.now);
  if (!valid) {
    return {Verdict::kFailed, valid.error().detail, "renew it; clients refuse it"};
  }
  constexpr std::chrono::days kSoon{14};
  const std::string until = "valid until " + format_utc((*context)->expires_at());
  return (*context)->expires_at() - examination.now < kSoon
             ? Finding{Verdict::kWarning, until, "renew it, then send the service SIGHUP"}
             : Finding{Verdict::kOk, until};
}

Finding examine_permissions(const Examination& examination) {
  std::string text;
  for (const HygieneWarning& warning : hygiene_warnings(examination.options)) {
    if (!warning.file.empty()) {
      text += (text.empty() ? "" : "; ") + std::string(warning.message) + " (" + warning.file + ")";
    }
  }
  return text.empty() ? Finding{Verdict::kOk, "data, configuration and TLS key are not open to others"}
                      : Finding{Verdict::kWarning, text, "take the permissions away with chmod"};
}

Finding examine_keyring(const Examination& examination) {
  const Paths& paths = examination.options.paths;
  const Result<Keyring> keyring = read_key_file(paths.key_file);
  if (!keyring) {
    return {Verdict::kFailed, keyring.error().detail,
            "name the service's keyring with --key-file; without it no secret opens"};
  }
  const std::size_t count = keyring->epochs().size();
  const std::string text = std::to_string(count) + (count == 1 ? " epoch" : " epochs") + ", the newest is epoch " +
                           std::to_string(keyring->current_epoch());
  const Result<std::vector<EpochUse>> uses = read_epoch_uses(paths.epoch_uses());
  if (!uses && uses.error().code != Errc::kNotFound) {
    return {Verdict::kFailed, uses.error().detail, "move the file away; the service writes a new one"};
  }
  if (!uses || uses->empty()) {
    return {Verdict::kOk, text + "; no service has used it with this data folder"};
  }
  const std::uint32_t used = uses->back().epoch;
  if (used > keyring->current_epoch()) {
    return {Verdict::kFailed, text + ", but secrets were created under epoch " + std::to_string(used),
            "put the newest key file back"};
  }
  if (used < keyring->current_epoch()) {
    return {Verdict::kWarning, text + "; the service still uses epoch " + std::to_string(used),
            "restart the service or send it SIGHUP"};
  }
  return {Verdict::kOk, text + ", in use since " + format_utc(uses->back().since)};
}

Finding examine_creators(const Examination& examination) {
  const ServeOptions& options = examination.options;
  const Result<std::vector<StoredToken>> tokens = read_token_file(options.paths.tokens());
  if (!tokens) {
    return {Verdict::kFailed, tokens.error().detail, "mend it, or move it away and make new tokens"};
  }
  CreatorRules rules;
  std::string words;
  for (const std::string& word : options.creators) {
    ignore(rules.add(word), "parsing has found no mistake");
    words += (words.empty() ? "" : ",") + word;
  }
  const auto valid = std::count_if(tokens->begin(), tokens->end(), [&examination](const StoredToken& stored) {
    return !stored.token.expires_at || *stored.token.expires_at > examination.now;
  });
  const std::string text = (words.empty() ? "open" : words) + "; " + std::to_string(valid) +
                           (valid == 1 ? " token" : " tokens") + " of " + std::to_string(tokens->size()) + " valid";
  return rules.by_token() && valid == 0
             ? Finding{Verdict::kWarning, text, "make a token with 'disposable-secrets token create'"}
             : Finding{Verdict::kOk, text};
}

Finding examine_page(const Examination& examination) {
  const Result<std::unique_ptr<Pages>> pages = open_pages(examination.options.page);
  return pages ? Finding{Verdict::kOk, "named '" + examination.options.page.name + "'"}
               : Finding{Verdict::kFailed, pages.error().detail, "see --page-logo"};
}

bool there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// A store and an audit log come into being together, so one without the other has lost it.
Finding examine_missing_store(const Paths& paths) {
  const bool started = there(paths.audit_log()) || there(paths.epoch_uses());
  return started ? Finding{Verdict::kFailed, "there is no store in " + paths.store().string() + ", and there was one",
                           "restore a backup into an empty data folder"}
                 : Finding{Verdict::kOk, "none yet; the service makes one when it starts"};
}

Finding examine_store(const Examination& examination) {
  const Paths& paths = examination.options.paths;
  if (!examination.options.backends.store.empty()) {
    return examine_shared_store(examination);
  }
  if (restore_unfinished(paths)) {
    return {Verdict::kFailed, "a restore did not end", "run it again"};
  }
  const Result<EpochNeeds> needs = survey_epochs(paths.store(), examination.now);
  if (!needs && needs.error().code == Errc::kNotFound) {
    return examine_missing_store(paths);
  }
  if (!needs) {
    return {Verdict::kFailed, needs.error().detail, "see 'When something is down' in the documentation"};
  }
  if (needs->store.identity.format == kMovingFormat) {
    return {Verdict::kFailed, "it is being moved, or was moved elsewhere",
            "name the new one with --store; see 'migrate'"};
  }
  if (needs->store.identity.format != kStoreFormat) {
    return {Verdict::kFailed, "it is a backup, or of another version of this program", "see 'restore'"};
  }
  const Result<Keyring> keyring = read_key_file(paths.key_file);
  if (keyring && keyring->check_value() != needs->store.identity.check) {
    return {Verdict::kFailed, "the keyring does not belong to it", "put the right key file back"};
  }
  return examine_needs(*needs, keyring);
}

// As `serve` does when it starts: the event that the store saw recorded last must be there.
Finding examine_continuity(const Examination& examination, AuditSource& log, const Keyring& keyring,
                           std::uint64_t rows) {
  const std::optional<EventId> last = last_acknowledged(examination, keyring);
  if (last) {
    const Result<bool> found = log.contains(*last);
    if (found && !*found) {
      return {Verdict::kFailed, "it lacks the event that was recorded last: it was put back to an earlier state",
              "put the newest audit log back"};
    }
  }
  return {Verdict::kOk, std::to_string(rows) + " rows, chain unbroken"};
}

Finding examine_audit_log(const Examination& examination) {
  const Paths& paths = examination.options.paths;
  const Result<Keyring> keyring = read_key_file(paths.key_file);
  if (!keyring) {
    return {Verdict::kFailed, "it cannot be checked without the keyring", "name it with --key-file"};
  }
  const Result<std::unique_ptr<AuditSource>> log = open_audit_source(paths, examination.options.backends);
  const Result<VerifyReport> report =
      log ? (*log)->verify(keyring->audit_key(),
                           [&examination](std::uint64_t rows) {
                             examination.progress.show(std::to_string(rows) + " rows of the audit log checked");
                           })
          : fail(log.error());
  examination.progress.clear();
  if (!report && report.error().code == Errc::kNotFound) {
    return there(paths.store() / "CURRENT")
               ? Finding{Verdict::kFailed, report.error().detail + ", and there was one", "put it back"}
               : Finding{Verdict::kOk, "none yet; the service makes one when it starts"};
  }
  if (!report) {
    return {Verdict::kFailed, report.error().detail, "see 'audit verify'"};
  }
  return report->ok ? examine_continuity(examination, **log, *keyring, report->rows)
                    : Finding{Verdict::kFailed, "the audit log was changed: " + report->reason,
                              "keep it as evidence; a log from a backup can be compared with it"};
}

}  // namespace

const std::vector<Check>& doctor_checks() {
  static const std::vector<Check> kChecks = {
      {"configuration", examine_configuration},
      {"certificate", examine_certificate},
      {"permissions", examine_permissions},
      {"disk", examine_disk},
      {"clock", examine_clock},
      {"keyring", examine_keyring},
      {"creators", examine_creators},
      {"page", examine_page},
      {"store", examine_store},
      {"audit log", examine_audit_log},
      {"ledger", examine_ledger},
      {"webhooks", examine_webhooks},
      {"limits", examine_limits},
      {"memory", examine_memory},
      {"sandbox", examine_sandbox},
  };
  return kChecks;
}

}  // namespace disposable
