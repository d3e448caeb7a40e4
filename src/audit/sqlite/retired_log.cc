#include "audit/sqlite/retired_log.h"

#include "audit/sqlite/sqlite_audit_log.h"

namespace disposable {

namespace {

std::filesystem::path retired_name(const std::filesystem::path& path) { return path.string() + ".moved"; }

}  // namespace

Result<void> retire_audit_log(const std::filesystem::path& path, const SymmetricKey& audit_key) {
  {
    // The last writer leaves nothing beside the file when it closes.
    const Result<std::unique_ptr<SqliteAuditLog>> log = SqliteAuditLog::open(path, audit_key);
    if (!log) {
      return fail(log.error());
    }
  }
  std::error_code error;
  std::filesystem::rename(path, retired_name(path), error);
  return error ? fail(Errc::kUnavailable, path.string() + " cannot be renamed: " + error.message()) : Result<void>{};
}

bool audit_log_retired(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(retired_name(path), error) && !std::filesystem::exists(path, error);
}

}  // namespace disposable
