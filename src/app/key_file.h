// The keyring's file on disk: read it, create it on the first start, replace what it holds.
//
// Its content is replaced in place, so that what is destroyed is overwritten on file systems that write in place, and
// whoever has the file open sees the new content. What is to be there is written to a draft beside it before, which
// read_key_file() takes when a crash has left the file itself damaged.

#pragma once

#include <filesystem>

#include "base/file_descriptor.h"
#include "crypto/keyring.h"

namespace disposable {

struct KeyFile {
  Keyring keyring;
  FileDescriptor file;  // for reread_key_file()
};

// kNotFound when there is no such file; kInvalidArgument when it may be read by others than owner and group or cannot
// be read; kCorrupt when it is damaged. The detail is a sentence for the operator.
Result<KeyFile> open_key_file(const std::filesystem::path& path);
Result<Keyring> read_key_file(const std::filesystem::path& path);
// What the open file holds now; needs no access to its name.
Result<Keyring> reread_key_file(const FileDescriptor& file);

// Creates folder (mode 0700) and file (mode 0600), both durable on return. kAlreadyExists when there is a key file,
// also when another process made it a moment ago: then read that one.
Result<Keyring> create_key_file(const std::filesystem::path& path, Random& random);

// Makes an existing file hold `keyring`, durable on return. The caller keeps others from doing the same:
// lock_key_file().
Result<void> replace_key_file(const std::filesystem::path& path, const Keyring& keyring);
// Held while it exists. kUnavailable when another process has it.
Result<FileDescriptor> lock_key_file(const std::filesystem::path& path);

}  // namespace disposable
