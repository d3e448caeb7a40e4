#include "app/doctor_checks.h"

#include "app/epoch_uses.h"
#include "app/key_file.h"
#include "app/process.h"
#include "audit/sqlite/audit_verifier.h"
#include "http/tls_context.h"
#include "store/rocksdb/store_copy.h"

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

Finding examine_store(const Examination& examination) {
  const Paths& paths = examination.options.paths;
  std::error_code error;
  if (std::filesystem::exists(paths.restoring(), error) && !std::filesystem::exists(paths.store(), error)) {
    return {Verdict::kFailed, "a restore did not end", "run it again"};
  }
  const Result<StoreSurvey> survey = survey_store(paths.store());
  if (!survey && survey.error().code == Errc::kNotFound) {
    return {Verdict::kOk, survey.error().detail + "; the service makes one when it starts"};
  }
  if (!survey) {
    return {Verdict::kFailed, survey.error().detail, "see 'When something is down' in the documentation"};
  }
  if (survey->identity.format != kStoreFormat) {
    return {Verdict::kFailed, "it is a backup, or of another version of this program", "see 'restore'"};
  }
  const Result<Keyring> keyring = read_key_file(paths.key_file);
  if (keyring && keyring->check_value() != survey->identity.check) {
    return {Verdict::kFailed, "the keyring does not belong to it", "put the right key file back"};
  }
  return {Verdict::kOk, std::to_string(survey->secrets) + " secrets, every record reads"};
}

Finding examine_audit_log(const Examination& examination) {
  const Paths& paths = examination.options.paths;
  const Result<Keyring> keyring = read_key_file(paths.key_file);
  if (!keyring) {
    return {Verdict::kFailed, "it cannot be checked without the keyring", "name it with --key-file"};
  }
  const Result<VerifyReport> report =
      verify_audit_log(paths.audit_log(), keyring->audit_key(), [&examination](std::uint64_t rows) {
        examination.progress.show(std::to_string(rows) + " rows of the audit log checked");
      });
  examination.progress.clear();
  if (!report && report.error().code == Errc::kNotFound) {
    return {Verdict::kOk, report.error().detail + "; the service makes one when it starts"};
  }
  if (!report) {
    return {Verdict::kFailed, report.error().detail, "see 'audit verify'"};
  }
  return report->ok ? Finding{Verdict::kOk, std::to_string(report->rows) + " rows, chain unbroken"}
                    : Finding{Verdict::kFailed, "the audit log was changed: " + report->reason,
                              "keep it as evidence; a log from a backup can be compared with it"};
}

}  // namespace

const std::vector<Check>& doctor_checks() {
  static const std::vector<Check> checks = {
      {"configuration", examine_configuration},
      {"certificate", examine_certificate},
      {"permissions", examine_permissions},
      {"disk", examine_disk},
      {"clock", examine_clock},
      {"keyring", examine_keyring},
      {"store", examine_store},
      {"audit log", examine_audit_log},
      {"limits", examine_limits},
      {"memory", examine_memory},
      {"sandbox", examine_sandbox},
  };
  return checks;
}

}  // namespace disposable
