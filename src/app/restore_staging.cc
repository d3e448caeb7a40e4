#include "app/restore_staging.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "app/backup_manifest.h"
#include "app/durable_file.h"
#include "base/file_descriptor.h"

namespace disposable {

namespace {

bool there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// The first thing in the data folder that a restore would have to mix with; empty when there is none.
Result<std::string> stranger_in(const Paths& paths) {
  std::error_code error;
  const bool unfinished = there(paths.restoring());
  for (const auto& entry : std::filesystem::directory_iterator(paths.data_dir, error)) {
    const std::filesystem::path& path = entry.path();
    const bool left_by_us = unfinished && (path == paths.restoring() || path == paths.audit_log());
    const bool beside_us = path == paths.key_file || path == paths.tokens() || path.filename() == "lost+found";
    if (!left_by_us && !beside_us) {
      return path.filename().string();
    }
  }
  return error ? fail(Errc::kInvalidArgument,
                      "cannot read the data folder " + paths.data_dir.string() + ": " + error.message())
               : Result<std::string>();
}

// Gives what is in the open folder to `owner`. By descriptors, so that no link on the way leads elsewhere.
bool give_content(int folder, const struct stat& owner) {
  const int listed = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(listed < 0 ? nullptr : ::fdopendir(listed), ::closedir);
  bool given = entries != nullptr;
  while (const dirent* entry = given ? ::readdir(entries.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") {
      continue;
    }
    const FileDescriptor below(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    given = (!below || give_content(below.get(), owner)) &&
            ::fchownat(folder, name.c_str(), owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW) == 0;
  }
  return given;
}

// Run by root, the files belong to whom the data folder does. The staging folder itself stays root's, so that nobody
// else can reach into it meanwhile.
Result<void> give_to_owner(const Paths& paths) {
  struct stat owner {};
  if (::geteuid() != 0 || ::stat(paths.data_dir.c_str(), &owner) != 0) {
    return {};
  }
  const FileDescriptor staging(::open(paths.restoring().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  return staging && give_content(staging.get(), owner)
             ? Result<void>{}
             : fail(Errc::kUnavailable, "cannot give the restored files to the owner of " + paths.data_dir.string());
}

}  // namespace

Result<void> prepare_staging(const Paths& paths) {
  const Result<std::string> stranger = stranger_in(paths);
  if (!stranger) {
    return fail(stranger.error());
  }
  if (!stranger->empty()) {
    return fail(Errc::kAlreadyExists,
                "the data folder " + paths.data_dir.string() + " is not empty: it holds " + *stranger);
  }
  std::error_code error;
  // The audit log of an unfinished restore goes first: without the staging folder it would pass for a service's own.
  std::filesystem::remove(paths.audit_log(), error);
  std::filesystem::remove_all(paths.restoring(), error);
  std::filesystem::create_directories(paths.restoring() / "store", error);
  if (error) {
    return fail(Errc::kInvalidArgument,
                "cannot use the data folder " + paths.data_dir.string() + ": " + error.message());
  }
  return sync_folder(paths.data_dir);
}

Result<void> put_in_place(const Paths& paths) {
  const BackupLayout staging{paths.restoring()};
  Result<void> given = give_to_owner(paths);
  if (!given) {
    return given;
  }
  std::error_code error;
  std::filesystem::rename(staging.audit_log(), paths.audit_log(), error);
  if (!error) {
    std::filesystem::rename(staging.store(), paths.store(), error);
  }
  return error ? fail(Errc::kUnavailable, "cannot put the restored files in place: " + error.message())
               : sync_folder(paths.data_dir);
}

Result<void> remove_staging(const Paths& paths) {
  std::error_code error;
  std::filesystem::remove_all(paths.restoring(), error);
  return error ? fail(Errc::kUnavailable, "cannot remove " + paths.restoring().string() + ": " + error.message())
               : sync_folder(paths.data_dir);
}

bool restore_nearly_done(const Paths& paths) {
  return there(paths.restoring()) && !there(paths.restoring() / "store") && there(paths.store() / "CURRENT");
}

bool restore_unfinished(const Paths& paths) { return there(paths.restoring()) && !there(paths.store()); }

}  // namespace disposable
