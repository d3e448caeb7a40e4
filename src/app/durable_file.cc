#include "app/durable_file.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "base/file_descriptor.h"

namespace disposable {

namespace {

tl::unexpected<Error> cannot_write(const std::filesystem::path& path) {
  return fail(Errc::kUnavailable, "cannot write " + path.string() + ": " + std::strerror(errno));
}

}  // namespace

Result<void> write_durable_file(const std::filesystem::path& file, std::string_view content) {
  const std::filesystem::path draft = file.string() + ".draft";
  constexpr mode_t kOwnerOnly = 0600;
  const FileDescriptor out(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  for (std::string_view rest = content; out && !rest.empty();) {
    const ssize_t written = ::write(out.get(), rest.data(), rest.size());
    if (written < 0 && errno != EINTR) {
      return cannot_write(file);
    }
    rest.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  if (!out || ::fsync(out.get()) != 0 || ::rename(draft.c_str(), file.c_str()) != 0) {
    return cannot_write(file);
  }
  return sync_folder(file.has_parent_path() ? file.parent_path() : std::filesystem::path("."));
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory && ::fsync(directory.get()) == 0 ? Result<void>{} : cannot_write(folder);
}

}  // namespace disposable
