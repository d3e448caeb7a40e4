// A claim on a folder: an flock(2) on the folder itself, held while the descriptor is open. `serve` and `restore` claim
// the data folder, `backup` what it writes to; so none of them meets another's half-made files.

#pragma once

#include <filesystem>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace disposable {

// kInvalidArgument: the folder cannot be opened. kUnavailable: another process has claimed it.
Result<FileDescriptor> claim_folder(const std::filesystem::path& folder);

}  // namespace disposable
