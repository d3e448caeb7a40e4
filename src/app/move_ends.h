// The ends of a move that are in files: where they are, and a claim on the data folders that they are in.

#pragma once

#include <span>

#include "app/folder_claim.h"
#include "app/options.h"

namespace disposable {

inline constexpr std::string_view kRocksDb = "rocksdb:";
inline constexpr std::string_view kSqlite = "sqlite:";

// The URLs of one kind; empty: nothing of that kind is moved.
struct MoveEnds {
  std::string from;
  std::string to;
};

// What follows the scheme, `otherwise` when nothing does. "rocksdb:///folder" is a way to write it, too.
std::filesystem::path local_path(std::string_view url, std::string_view scheme, const std::filesystem::path& otherwise);

// One path for every way to write it; nothing for an end in a server.
std::optional<std::filesystem::path> local_end(const std::string& url, const Paths& paths);

// Claims the data folder of `paths`, and those that ends are in, so that no service runs there meanwhile; makes what is
// missing for a target. A source that is not there is refused later. Errors as of claim_folder().
Result<std::vector<FileDescriptor>> claim_folders(std::span<const MoveEnds> kinds, const Paths& paths);

}  // namespace disposable
