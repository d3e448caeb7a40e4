// The audit log copied into one file, for a backup and for a restore, beside the process that writes it.

#pragma once

#include <filesystem>
#include <functional>

#include "base/result.h"

namespace disposable {

// `to` must not exist; it gets the mode 0600 and is durable on return. `progress` is told the share that is done.
// Returns how many rows there are. kNotFound: there is no log. kCorrupt: it is none. kUnavailable: it cannot be read or
// written.
Result<std::int64_t> copy_audit_log(const std::filesystem::path& from, const std::filesystem::path& to,
                                    const std::function<void(double share)>& progress);

}  // namespace disposable
