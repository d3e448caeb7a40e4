#include "app/key_file.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/file_descriptor.h"
#include "crypto/private_file.h"

namespace disposable {

namespace {

constexpr std::size_t kKeyFileBytesMax = 64 * 1024;

tl::unexpected<Error> cannot(const char* what, const std::filesystem::path& path) {
  return fail(Errc::kInvalidArgument,
              std::string("cannot ") + what + " " + path.string() + ": " + std::strerror(errno));
}

Result<void> write_all(const FileDescriptor& file, ByteView bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return cannot("write the key file", path);
    }
    bytes = bytes.subspan(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) {
    return cannot("write the key file", path);
  }
  return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) {
    return cannot("sync the folder", folder);
  }
  return {};
}

}  // namespace

Result<Keyring> read_key_file(const std::filesystem::path& path) {
  const Result<SecretBytes> content = read_private_file(path, "the key file", kKeyFileBytesMax);
  if (!content) {
    return fail(content.error());
  }
  return Keyring::parse(content->expose());
}

Result<Keyring> create_key_file(const std::filesystem::path& path, Random& random) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return fail(Errc::kInvalidArgument, "cannot create the folder " + folder.string() + ": " + error.message());
  }
  Keyring keyring = Keyring::generate(random);
  // Written aside under a name of its own and linked into place: a crash leaves no half keyring, an existing one is
  // never replaced, and of several processes that start at once exactly one decides which keyring it is.
  std::string draft = path.string() + ".XXXXXX";
  const FileDescriptor file(::mkostemp(draft.data(), O_CLOEXEC));
  if (!file) {
    return cannot("create the key file", path);
  }
  const Result<void> written = write_all(file, keyring.serialize().expose(), draft);
  const int linked = written ? ::link(draft.c_str(), path.c_str()) : 0;
  const int link_error = errno;
  ::unlink(draft.c_str());
  if (!written) {
    return fail(written.error());
  }
  if (linked != 0 && link_error != EEXIST) {
    errno = link_error;
    return cannot("create the key file", path);
  }
  const Result<void> synced = sync_folder(folder);
  if (!synced) {
    return fail(synced.error());
  }
  if (linked != 0) {
    return fail(Errc::kAlreadyExists, "the key file " + path.string() + " exists already");
  }
  return keyring;
}

}  // namespace disposable
