// Files that hold a key: read only when nobody but owner and group may.

#pragma once

#include <filesystem>
#include <string_view>

#include "crypto/secret_bytes.h"

namespace disposable {

// The whole file. `what` is how the sentence of an error begins: "the key file". kNotFound: there is no such file.
// kInvalidArgument: it cannot be read, is no regular file, or others than owner and group may read it, or others than
// the owner write it. kCorrupt: it is longer than `bytes_max`.
Result<SecretBytes> read_private_file(const std::filesystem::path& path, std::string_view what, std::size_t bytes_max);

}  // namespace disposable
