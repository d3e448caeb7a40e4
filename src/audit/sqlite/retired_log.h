// An audit log in a file that was moved to another database: kept under another name, so that no service goes on with
// it.

#pragma once

#include <filesystem>

#include "audit/audit_move.h"
#include "crypto/secret_bytes.h"

namespace disposable {

// `path` becomes `path`.moved, one file with everything in it. Nobody may have it open. kUnavailable: it has another
// number of rows than `rows`.
Result<void> retire_audit_log(const std::filesystem::path& path, std::uint64_t rows, const SymmetricKey& audit_key);
// What is in it, if that was done and no log was made since.
Result<std::optional<RetiredLog>> audit_log_retired(const std::filesystem::path& path);

}  // namespace disposable
