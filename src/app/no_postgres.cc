// An executable without PostgreSQL.

#include "app/backends.h"

namespace disposable {

std::string postgres_url_problem(const std::string& /*url*/) {
  return "this executable was built without PostgreSQL; 'packaging/quickstart --scale-out' builds one that has it";
}

bool postgres_built_in() { return false; }

Result<std::unique_ptr<AuditLog>> open_postgres_audit_log(const BackendParts& /*parts*/) {
  return fail(Errc::kInvalidArgument, postgres_url_problem({}));
}

Result<std::unique_ptr<RevealLedger>> open_postgres_ledger(const BackendParts& /*parts*/) {
  return fail(Errc::kInvalidArgument, postgres_url_problem({}));
}

Result<std::unique_ptr<DeliveryQueue>> open_postgres_delivery_queue(const BackendParts& /*parts*/) {
  return fail(Errc::kInvalidArgument, postgres_url_problem({}));
}

Result<std::unique_ptr<AuditSource>> open_postgres_audit_source(const std::string& /*url*/) {
  return fail(Errc::kInvalidArgument, postgres_url_problem({}));
}

Result<void> retire_postgres_audit_log(const std::string& /*url*/, std::uint64_t /*rows*/) {
  return fail(Errc::kInvalidArgument, postgres_url_problem({}));
}

Result<std::optional<RetiredLog>> postgres_audit_log_retired(const std::string& /*url*/) {
  return fail(Errc::kInvalidArgument, postgres_url_problem({}));
}

Result<std::string> postgres_audit_log_identity(const std::string& /*url*/) {
  return fail(Errc::kInvalidArgument, postgres_url_problem({}));
}

UrlFiles postgres_url_files(const std::string& /*url*/) { return {}; }

std::vector<Component> postgres_components() { return {}; }

}  // namespace disposable
