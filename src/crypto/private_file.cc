#include "crypto/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace disposable {

Result<FileDescriptor> open_private_file(const std::filesystem::path& path, const std::string& name) {
  // O_NONBLOCK: a pipe of that name is refused, not waited for.
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file) {
    return file;
  }
  if (errno == ENOENT) {
    return fail(Errc::kNotFound, name + " does not exist");
  }
  return fail(Errc::kInvalidArgument, "cannot read " + name + ": " + std::strerror(errno));
}

Result<SecretBytes> read_private_file(const FileDescriptor& file, const std::string& name, std::size_t bytes_max) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(Errc::kInvalidArgument, name + " is not a regular file");
  }
  // Group read is let through: systemd hands credentials to a service with an access list that shows as such.
  if ((status.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) != 0) {
    return fail(Errc::kInvalidArgument, name + " is open to others; run chmod 600 on it");
  }
  if (static_cast<std::size_t>(status.st_size) > bytes_max) {
    return fail(Errc::kCorrupt, name + " is too large");
  }
  SecretBytes content(static_cast<std::size_t>(status.st_size));
  std::span<std::uint8_t> rest = content.expose_mutable();
  while (!rest.empty()) {
    const auto offset = static_cast<off_t>(content.size() - rest.size());
    const ssize_t got = ::pread(file.get(), rest.data(), rest.size(), offset);
    if (got == 0) {
      return fail(Errc::kCorrupt, name + " was cut short while it was read");
    }
    if (got < 0 && errno != EINTR) {
      return fail(Errc::kInvalidArgument, "cannot read " + name + ": " + std::strerror(errno));
    }
    rest = rest.subspan(got < 0 ? 0 : static_cast<std::size_t>(got));
  }
  return content;
}

Result<SecretBytes> read_private_file(const std::filesystem::path& path, std::string_view what, std::size_t bytes_max) {
  const std::string name = std::string(what) + " " + path.string();
  const Result<FileDescriptor> file = open_private_file(path, name);
  if (!file) {
    return fail(file.error());
  }
  return read_private_file(*file, name, bytes_max);
}

}  // namespace disposable
