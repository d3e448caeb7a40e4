#include "store/rocksdb/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <system_error>

namespace disposable {

namespace {

std::string reason(int error) { return std::system_category().message(error); }

}  // namespace

Result<FolderLock> FolderLock::acquire(const std::string& directory) {
  constexpr mode_t kOwnerOnly = 0600;
  FileDescriptor file(::open((directory + "/in-use").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  if (!file) {
    return fail(Errc::kUnavailable, "cannot use the data folder " + directory + ": " + reason(errno));
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
    return FolderLock(std::move(file));
  }
  if (errno == EWOULDBLOCK) {
    return fail(Errc::kUnavailable, "the data folder " + directory + " is in use by another process");
  }
  return fail(Errc::kUnavailable, "cannot lock the data folder " + directory + ": " + reason(errno));
}

}  // namespace disposable
