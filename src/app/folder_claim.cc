#include "app/folder_claim.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>

namespace disposable {

Result<FileDescriptor> claim_folder(const std::filesystem::path& folder) {
  FileDescriptor claim(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!claim) {
    return fail(Errc::kInvalidArgument, "cannot use the folder " + folder.string() + ": " + std::strerror(errno));
  }
  // A file system that cannot lock a folder is no reason to refuse it: the store has a lock of its own.
  if (::flock(claim.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return fail(Errc::kUnavailable, "the folder " + folder.string() + " is in use by another process");
  }
  return claim;
}

}  // namespace disposable
