#include "app/move_ends.h"

#include <set>

namespace disposable {

std::filesystem::path local_path(std::string_view url, std::string_view scheme,
                                 const std::filesystem::path& otherwise) {
  url.remove_prefix(scheme.size());
  if (url.starts_with("//")) {
    url.remove_prefix(2);
  }
  return url.empty() ? otherwise : std::filesystem::path(url);
}

std::optional<std::filesystem::path> local_end(const std::string& url, const Paths& paths) {
  std::filesystem::path path;
  if (url.starts_with(kRocksDb)) {
    path = local_path(url, kRocksDb, paths.store());
  } else if (url.starts_with(kSqlite)) {
    path = local_path(url, kSqlite, paths.audit_log());
  } else {
    return std::nullopt;
  }
  std::error_code error;
  const std::filesystem::path real = std::filesystem::weakly_canonical(path, error);
  path = error ? path.lexically_normal() : real;
  return path.has_filename() ? path : path.parent_path();
}

Result<std::vector<FileDescriptor>> claim_folders(std::span<const MoveEnds> kinds, const Paths& paths) {
  std::error_code ignored;
  std::filesystem::create_directories(paths.data_dir, ignored);
  std::set<std::filesystem::path> folders{std::filesystem::weakly_canonical(paths.data_dir, ignored)};
  for (const MoveEnds& ends : kinds) {
    for (const std::string& url : {ends.from, ends.to}) {
      const std::optional<std::filesystem::path> end = local_end(url, paths);
      if (!end || (url.starts_with(kRocksDb) && end->filename() != paths.store().filename())) {
        continue;
      }
      if (url == ends.to) {
        std::filesystem::create_directories(end->parent_path(), ignored);
      }
      if (std::filesystem::exists(end->parent_path(), ignored)) {
        folders.insert(std::filesystem::weakly_canonical(end->parent_path(), ignored));
      }
    }
  }
  std::vector<FileDescriptor> claims;
  for (const std::filesystem::path& folder : folders) {
    Result<FileDescriptor> claim = claim_folder(folder);
    if (!claim) {
      return fail(claim.error());
    }
    claims.push_back(std::move(*claim));
  }
  return claims;
}

}  // namespace disposable
