// Which store, audit log and ledger a URL means. The only place that knows them all; what this executable was built
// without is refused with a sentence that says how to get it. No error holds a password.

#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "app/options.h"
#include "app/version.h"
#include "audit/audit_move.h"
#include "audit/audit_source.h"
#include "core/audit.h"
#include "core/delivery_queue.h"
#include "core/ledger.h"
#include "crypto/keyring.h"
#include "store/served_store.h"
#include "store/store_transfer.h"

namespace disposable {

// Checks of CLI11: empty when the URL can be used, otherwise what is wrong with it.
std::string redis_url_problem(const std::string& url);
std::string postgres_url_problem(const std::string& url);

// Whether this executable can talk to it.
bool redis_built_in();
bool postgres_built_in();

// Borrows everything, for the life of what is opened.
struct BackendParts {
  const Paths& paths;
  const Backends& backends;
  const Keyring& keyring;
  Clock& clock;
  Random& random;
  // A sentence about a setting of a server that was accepted though it is not safe.
  std::function<void(const std::string&)> on_warning{};
  bool create = true;   // what is missing; without, a store that is not there is kNotFound
  bool service = true;  // `backends` is what a service has, so it must agree with the other nodes
};

// Of the store in the data folder alone.
struct LocalStoreParts {
  std::size_t cache_bytes = 0;
  std::function<void(const std::string& reason)> on_fatal{};
};

StorageLimits storage_limits(const ServeOptions& options);

// Each opens what the options name; an error's detail is a sentence for the operator.
Result<std::unique_ptr<ServedStore>> open_store(const BackendParts& parts, const LocalStoreParts& local,
                                                const StorageLimits& limits);
Result<std::unique_ptr<AuditLog>> open_audit_log(const BackendParts& parts);
// Null when the options name none.
Result<std::unique_ptr<RevealLedger>> open_ledger(const BackendParts& parts);
// The calls of webhooks lie where the audit log does.
Result<std::unique_ptr<DeliveryQueue>> open_delivery_queue(const BackendParts& parts);
// To read the audit log beside the service.
Result<std::unique_ptr<AuditSource>> open_audit_source(const Paths& paths, const Backends& backends);

// A certificate is renewed as another file in its folder, so all of that may be read; a password file may be read
// alone, since its folder may be somebody's home.
struct UrlFiles {
  std::vector<std::filesystem::path> certificates{};
  std::vector<std::filesystem::path> passwords{};
};
// What the sandbox must leave open: whether servers elsewhere are called, and which files their URLs name.
struct BackendNeeds {
  bool calls_out = false;
  UrlFiles files{};
};
BackendNeeds backend_needs(const Backends& backends);

// For the log: "redis", "rocksdb"; "postgresql", "sqlite".
std::string_view store_kind(const Backends& backends);
std::string_view audit_kind(const Backends& backends);

// The ends of a move (app/migrate_command.h), by URL; `rocksdb:FOLDER` and `sqlite:FILE` are those of a data folder.
enum class PlaceKind : std::uint8_t { kStore, kAuditLog };
// Nothing for a text that is neither.
std::optional<PlaceKind> place_kind(const std::string& url);
// As the checks above.
std::string place_problem(const std::string& url);

// By which sources are compiled: redis_backend.cc or no_redis.cc, postgres_backend.cc or no_postgres.cc.
Result<std::unique_ptr<ServedStore>> open_redis_store(const BackendParts& parts, const StorageLimits& limits);
Result<std::unique_ptr<StoreTransfer>> open_redis_transfer(const std::string& url, bool accept_data_loss,
                                                           Random& random);
Result<std::unique_ptr<AuditLog>> open_postgres_audit_log(const BackendParts& parts);
Result<std::unique_ptr<RevealLedger>> open_postgres_ledger(const BackendParts& parts);
Result<std::unique_ptr<DeliveryQueue>> open_postgres_delivery_queue(const BackendParts& parts);
Result<std::unique_ptr<AuditSource>> open_postgres_audit_source(const std::string& url);
Result<void> retire_postgres_audit_log(const std::string& url, std::uint64_t rows);
Result<std::optional<RetiredLog>> postgres_audit_log_retired(const std::string& url);
// The same text for the same log; empty when there is none.
Result<std::string> postgres_audit_log_identity(const std::string& url);
UrlFiles redis_url_files(const std::string& url);
UrlFiles postgres_url_files(const std::string& url);
std::vector<Component> redis_components();
std::vector<Component> postgres_components();

}  // namespace disposable
