// Small files that are whole or as they were before, and durable.

#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace disposable {

// Creates the file, mode 0600, or replaces it in one step. The draft `<file>.draft` may stay behind after a crash.
// kUnavailable with a sentence for the operator.
Result<void> write_durable_file(const std::filesystem::path& file, std::string_view content);
// Makes durable which files the folder has.
Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace disposable
