// What a service stands on, opened: store, audit log, ledger, and those who carry events.

#include "app/service.h"

namespace disposable {

Result<void> Service::open_backends() {
  const ServeOptions& options = parts_.options;
  const BackendParts backends{
      options.paths, options.backends, keyring_, parts_.clock, parts_.random, [this](const std::string& warning) {
        parts_.log.write(LogLevel::kWarning, "a server can lose what it has confirmed", {{"reason", warning}});
      }};
  const LocalStoreParts local{
      options.cache_bytes, [this](const std::string& reason) {
        parts_.log.write(LogLevel::kError, "the store cannot go on; stopping", {{"reason", reason}});
        parts_.signals.report_failure();
      }};
  Result<std::unique_ptr<ServedStore>> store = open_store(backends, local, storage_limits(options));
  if (!store) {
    return fail(store.error());
  }
  store_ = std::move(*store);
  Result<std::unique_ptr<AuditLog>> audit_log = open_audit_log(backends);
  if (!audit_log) {
    return fail(audit_log.error());
  }
  audit_log_ = std::move(*audit_log);
  Result<std::unique_ptr<RevealLedger>> ledger = open_ledger(backends);
  if (!ledger) {
    return fail(ledger.error());
  }
  ledger_ = std::move(*ledger);
  parts_.log.write(LogLevel::kInfo, "opened",
                   {{"store", store_kind(options.backends)},
                    {"audit", audit_kind(options.backends)},
                    {"ledger", ledger_ == nullptr ? "none" : "postgresql"}});
  return {};
}

Result<void> Service::open_projector(std::optional<ServerWebhook> told) {
  const ServeOptions& options = parts_.options;
  Result<std::unique_ptr<Webhooks>> webhooks = Webhooks::open(
      {options, std::move(told), keyring_, parts_.clock, parts_.random, parts_.log, [this, &options] {
         return open_delivery_queue({options.paths, options.backends, keyring_, parts_.clock, parts_.random});
       }});
  if (!webhooks) {
    return fail(webhooks.error());
  }
  webhooks_ = std::move(*webhooks);
  Projector::Parts projector{*store_, *audit_log_};
  projector.on_failure = [this](const Error& error) {
    parts_.log.write(LogLevel::kError, "events cannot be carried over to the audit log; they are kept until they can",
                     {{"reason", error.detail}});
  };
  projector.on_recovery = [this] { parts_.log.write(LogLevel::kInfo, "events reach the audit log again"); };
  projector.announce = [this](std::span<const Event> events) { return webhooks_->announce(events); };
  projector_ = std::make_unique<Projector>(std::move(projector));
  return projector_->check_continuity();
}

}  // namespace disposable
