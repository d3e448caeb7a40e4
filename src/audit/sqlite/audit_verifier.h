// Verification of the audit log in an SQLite file: the chain, and that the file itself is whole.

#pragma once

#include "audit/audit_source.h"
#include "audit/sqlite/audit_schema.h"

namespace disposable {

// As AuditSource::verify(), for a log that is opened for it; kNotFound when there is none. Thread-safe.
Result<VerifyReport> verify_audit_log(const std::filesystem::path& path, const SymmetricKey& audit_key,
                                      const VerifyProgress& progress = {});

// The same on a connection that is in no transaction.
Result<VerifyReport> verify_audit_log(SqliteConnection& connection, const SymmetricKey& audit_key,
                                      const VerifyProgress& progress);

}  // namespace disposable
