// The keyring's file on disk: read it, or create it on the first start.

#pragma once

#include <filesystem>

#include "crypto/keyring.h"

namespace disposable {

// kNotFound when there is no such file; kInvalidArgument when it may be read by others than owner and group or cannot
// be read; kCorrupt when it is damaged. The detail is a sentence for the operator.
Result<Keyring> read_key_file(const std::filesystem::path& path);

// Creates folder (mode 0700) and file (mode 0600), both durable on return. kAlreadyExists when there is a key file,
// also when another process made it a moment ago: then read that one.
Result<Keyring> create_key_file(const std::filesystem::path& path, Random& random);

}  // namespace disposable
