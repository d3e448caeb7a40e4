#include "app/backends.h"

#include <algorithm>

#include "app/specification_environment.h"
#include "audit/sqlite/audit_reader.h"
#include "audit/sqlite/sqlite_audit_log.h"
#include "audit/sqlite/sqlite_delivery_queue.h"
#include "store/rocksdb/rocksdb_store.h"

namespace disposable {

StorageLimits storage_limits(const ServeOptions& options) {
  return {options.limits.stored_bytes_max, options.limits.disk_reserve_bytes};
}

Result<std::unique_ptr<ServedStore>> open_store(const BackendParts& parts, const LocalStoreParts& local,
                                                const StorageLimits& limits) {
  const Result<void> nothing_hidden = check_nothing_hidden(parts.paths, parts.backends);
  if (!nothing_hidden) {
    return fail(nothing_hidden.error());
  }
  if (!parts.backends.store.empty()) {
    return open_redis_store(parts, limits);
  }
  RocksDbStore::Options options;
  options.directory = parts.paths.store().string();
  options.keyring_check = parts.keyring.check_value();
  options.cache_bytes = local.cache_bytes;
  options.storage = limits;
  options.on_fatal = local.on_fatal;
  return RocksDbStore::open(std::move(options));
}

Result<std::unique_ptr<AuditLog>> open_audit_log(const BackendParts& parts) {
  if (!parts.backends.audit.empty()) {
    return open_postgres_audit_log(parts);
  }
  return SqliteAuditLog::open(parts.paths.audit_log(), parts.keyring.audit_key());
}

Result<std::unique_ptr<RevealLedger>> open_ledger(const BackendParts& parts) {
  if (parts.backends.ledger.empty()) {
    return std::unique_ptr<RevealLedger>();
  }
  return open_postgres_ledger(parts);
}

Result<std::unique_ptr<DeliveryQueue>> open_delivery_queue(const BackendParts& parts) {
  if (!parts.backends.audit.empty()) {
    return open_postgres_delivery_queue(parts);
  }
  Result<std::unique_ptr<SqliteDeliveryQueue>> queue = SqliteDeliveryQueue::open(parts.paths.webhooks());
  return queue ? Result<std::unique_ptr<DeliveryQueue>>(std::move(*queue)) : fail(queue.error());
}

Result<std::unique_ptr<AuditSource>> open_audit_source(const Paths& paths, const Backends& backends) {
  const Result<void> nothing_hidden = check_nothing_hidden(paths, backends);
  if (!nothing_hidden) {
    return fail(nothing_hidden.error());
  }
  if (!backends.audit.empty()) {
    return open_postgres_audit_source(backends.audit);
  }
  Result<AuditReader> reader = AuditReader::open(paths.audit_log());
  if (!reader) {
    return fail(reader.error());
  }
  return std::make_unique<AuditReader>(std::move(*reader));
}

BackendNeeds backend_needs(const Backends& backends) {
  BackendNeeds needs;
  const auto add = [&needs](const std::string& url, auto files_of) {
    if (!url.empty()) {
      needs.calls_out = true;
      const UrlFiles files = files_of(url);
      auto& [certificates, passwords] = needs.files;
      certificates.insert(certificates.end(), files.certificates.begin(), files.certificates.end());
      passwords.insert(passwords.end(), files.passwords.begin(), files.passwords.end());
    }
  };
  add(backends.store, redis_url_files);
  add(backends.audit, postgres_url_files);
  add(backends.ledger, postgres_url_files);
  return needs;
}

std::string_view store_kind(const Backends& backends) { return backends.store.empty() ? "rocksdb" : "redis"; }
std::string_view audit_kind(const Backends& backends) { return backends.audit.empty() ? "sqlite" : "postgresql"; }

std::optional<PlaceKind> place_kind(const std::string& url) {
  constexpr std::array<std::string_view, 5> kStores{"rocksdb:", "redis:", "rediss:", "redis+", "rediss+"};
  constexpr std::array<std::string_view, 3> kLogs{"sqlite:", "postgresql:", "postgres:"};
  const auto begins = [&url](std::string_view scheme) { return url.starts_with(scheme); };
  if (url.starts_with("unix:") || std::any_of(kStores.begin(), kStores.end(), begins)) {
    return PlaceKind::kStore;
  }
  return std::any_of(kLogs.begin(), kLogs.end(), begins) ? std::optional(PlaceKind::kAuditLog) : std::nullopt;
}

std::string place_problem(const std::string& url) {
  const std::optional<PlaceKind> kind = place_kind(url);
  if (!kind) {
    return "a store is rocksdb:FOLDER or redis://..., an audit log sqlite:FILE or postgresql://...";
  }
  if (url.starts_with("sqlite:") && url != "sqlite:" && !url.ends_with("/audit.db")) {
    return "the audit log of a data folder is its file audit.db: sqlite:FOLDER/audit.db";
  }
  if (url.starts_with("rocksdb:") || url.starts_with("sqlite:")) {
    return {};
  }
  return *kind == PlaceKind::kStore ? redis_url_problem(url) : postgres_url_problem(url);
}

}  // namespace disposable
