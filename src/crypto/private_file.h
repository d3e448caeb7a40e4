// Files that hold a key: read only when nobody but owner and group may.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "crypto/secret_bytes.h"

namespace disposable {

// The whole file. `what` is how the sentence of an error begins: "the key file". kNotFound: there is no such file.
// kInvalidArgument: it cannot be read, is no regular file, or others than owner and group may read it, or others than
// the owner write it. kCorrupt: it is longer than `bytes_max`, or became shorter meanwhile.
Result<SecretBytes> read_private_file(const std::filesystem::path& path, std::string_view what, std::size_t bytes_max);

// The same in two steps, for a file that is read again when its name is out of reach. `name` is for the sentence.
Result<FileDescriptor> open_private_file(const std::filesystem::path& path, const std::string& name);
Result<SecretBytes> read_private_file(const FileDescriptor& file, const std::string& name, std::size_t bytes_max);

}  // namespace disposable
