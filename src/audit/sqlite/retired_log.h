// An audit log in a file that was moved to another database: kept under another name, so that no service goes on with
// it.

#pragma once

#include <filesystem>

#include "base/result.h"
#include "crypto/secret_bytes.h"

namespace disposable {

// `path` becomes `path`.moved, one file with everything in it. Nobody may have it open.
Result<void> retire_audit_log(const std::filesystem::path& path, const SymmetricKey& audit_key);
// Whether that was done, and no log was made since.
bool audit_log_retired(const std::filesystem::path& path);

}  // namespace disposable
