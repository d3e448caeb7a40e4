#include "app/audit_command.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/backends.h"
#include "app/key_file.h"
#include "app/since.h"
#include "app/terminal.h"
#include "base/log.h"

namespace disposable {

namespace {

constexpr std::string_view kNoLogHint = "name the service's data folder with --data-dir, or its audit log with --audit";
constexpr std::string_view kNoKeyHint = "name the service's keyring with --key-file";

// An edited log may hold anything; what it holds must not steer a terminal or start a line of its own.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; }, '?');
  return text;
}

std::string json_line(const AuditRow& row) {
  const auto text = [](std::string_view name, std::string_view value) {
    return "\"" + std::string(name) + "\":\"" + json_escape(value) + "\",";
  };
  const std::string extra_data =
      nlohmann::json::accept(row.extra_data) ? printable(row.extra_data) : "\"" + json_escape(row.extra_data) + "\"";
  return "{\"id\":" + std::to_string(row.id) + "," + text("secret_key", row.secret_key) + text("action", row.action) +
         text("ip_address", row.ip_address) + text("created_at", row.created_at) + text("event_id", row.event_id) +
         "\"extra_data\":" + extra_data + "}\n";
}

std::string text_line(const AuditRow& row) {
  const std::string padding(row.action.size() < 9 ? 9 - row.action.size() : 0, ' ');
  return printable(row.created_at + "  " + row.secret_key + "  " + row.action + padding + "  " +
                   (row.ip_address.empty() ? "-" : row.ip_address) +
                   (row.extra_data == "{}" ? "" : "  " + row.extra_data)) +
         "\n";
}

struct Sought {
  AuditFilter filter;
  std::optional<Fingerprint> of_request;  // where the key is the fill key of a request, whose rows have another name
};

// What was typed; an error is a sentence for the operator.
Result<Sought> make_filter(const AuditListOptions& options, WallTime now) {
  Sought sought;
  AuditFilter& filter = sought.filter;
  filter.limit = static_cast<std::size_t>(options.limit);
  if (!options.action.empty()) {
    filter.action = action_from_name(options.action);
    check(filter.action.has_value(), "the command line lets only actions through");
  }
  if (!options.since.empty()) {
    const Result<WallTime> since = parse_since(options.since, now);
    if (!since) {
      return fail(Errc::kInvalidArgument,
                  "--since needs a date like 2026-11-22, a time like 2026-11-22T14:05:00Z or an "
                  "age like 15m, 24h or 7d");
    }
    filter.since = *since;
  }
  if (!options.secret_key.empty()) {
    const Result<SecretKey> key = SecretKey::parse(options.secret_key);
    if (!key) {
      return fail(Errc::kInvalidArgument, "--secret-key is not a key as the service hands them out");
    }
    const Result<Keyring> keyring = read_key_file(options.paths.key_file);
    if (!keyring) {
      return fail(keyring.error());
    }
    filter.fingerprint = keyring->fingerprint(*key);
    sought.of_request = keyring->fingerprint(keyring->request_key(*key));
  }
  return sought;
}

}  // namespace

int list_audit_log(const AuditListOptions& options, Clock& clock) {
  Result<Sought> sought = make_filter(options, clock.now());
  if (!sought) {
    const bool usage = sought.error().code == Errc::kInvalidArgument;
    return print_error(usage ? kExitUsage : kExitFailure, sought.error().detail, usage ? "" : kNoKeyHint);
  }
  const Result<std::unique_ptr<AuditSource>> log = open_audit_source(options.paths, options.backends);
  if (!log) {
    return print_error(kExitFailure, log.error().detail, kNoLogHint);
  }
  Result<std::vector<AuditRow>> rows = (*log)->list(sought->filter);
  if (rows && rows->empty() && sought->of_request) {
    sought->filter.fingerprint = sought->of_request;
    rows = (*log)->list(sought->filter);
  }
  if (!rows) {
    return print_error(kExitFailure, rows.error().detail);
  }
  for (const AuditRow& row : *rows) {
    print(options.json ? json_line(row) : text_line(row));
  }
  return kExitSuccess;
}

int verify_audit_log_file(const AuditVerifyOptions& options) {
  const Result<Keyring> keyring = read_key_file(options.paths.key_file);
  if (!keyring) {
    return print_error(kExitFailure, keyring.error().detail, kNoKeyHint);
  }
  const Result<std::unique_ptr<AuditSource>> log = open_audit_source(options.paths, options.backends);
  if (!log) {
    return print_error(kExitFailure, log.error().detail, kNoLogHint);
  }
  ProgressLine progress;
  progress.show("reading the audit log");
  const Result<VerifyReport> report = (*log)->verify(
      keyring->audit_key(), [&progress](std::uint64_t rows) { progress.show(std::to_string(rows) + " rows checked"); });
  progress.clear();
  if (!report) {
    return print_error(kExitFailure, report.error().detail, kNoLogHint);
  }
  if (options.json) {
    print("{\"ok\":" + std::string(report->ok ? "true" : "false") + ",\"rows\":" + std::to_string(report->rows) +
          ",\"first_bad_id\":" + std::to_string(report->first_bad_id) + ",\"reason\":\"" + json_escape(report->reason) +
          "\"}\n");
  } else if (report->ok) {
    print("ok: " + std::to_string(report->rows) + " rows, chain unbroken\n");
  }
  if (!report->ok && !options.json) {
    return print_error(kExitFailure, "the audit log was changed: " + report->reason);
  }
  return report->ok ? kExitSuccess : kExitFailure;
}

}  // namespace disposable
