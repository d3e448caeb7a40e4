// Files for what nobody gets a second time: their owner's alone, durable, whole or not there, and in nobody's way.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "base/file_descriptor.h"
#include "client/client_error.h"

namespace disposable {

// Holds so much of the folder's disk until it is closed, in a file without a name. kHere: nothing can be written there,
// or the disk, a quota or a limit of the process does not allow so much.
Outcome<FileDescriptor> set_aside(const std::filesystem::path& folder, std::uint64_t bytes);

// The path that the file has got: a number is behind its name where there is one of that name already. With `replace`
// it takes the place of that one in one step, when it is whole; whatever a link there points to stays as it is. kHere:
// it could not be written, and everything is as it was.
Outcome<std::filesystem::path> keep_file(const std::filesystem::path& wanted, ByteView content, bool replace);

// A folder that was not there before: `wanted`, or with a number.
Outcome<std::filesystem::path> create_folder(const std::filesystem::path& wanted);

// All of it, to what may be a pipe or a terminal. kHere with `name`, for a person.
Outcome<void> write_all(int descriptor, const std::string& name, ByteView content);

}  // namespace disposable
