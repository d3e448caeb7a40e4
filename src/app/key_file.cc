#include "app/key_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "app/durable_file.h"
#include "crypto/private_file.h"

namespace disposable {

namespace {

constexpr std::size_t kKeyFileBytesMax = 64 * 1024;
constexpr const char* kName = "the key file";

std::filesystem::path draft_of(const std::filesystem::path& path) { return path.string() + ".draft"; }

tl::unexpected<Error> cannot(const char* what, const std::filesystem::path& path) {
  return fail(Errc::kInvalidArgument,
              std::string("cannot ") + what + " " + path.string() + ": " + std::strerror(errno));
}

// From the start of the file, and nothing behind it.
Result<void> write_all(const FileDescriptor& file, ByteView bytes, const std::filesystem::path& path) {
  const auto size = static_cast<off_t>(bytes.size());
  for (off_t offset = 0; !bytes.empty();) {
    const ssize_t written = ::pwrite(file.get(), bytes.data(), bytes.size(), offset);
    if (written < 0 && errno != EINTR) {
      return cannot("write the key file", path);
    }
    offset += written < 0 ? 0 : written;
    bytes = bytes.subspan(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  if (::ftruncate(file.get(), size) != 0 || ::fsync(file.get()) != 0) {
    return cannot("write the key file", path);
  }
  return {};
}

}  // namespace

Result<Keyring> reread_key_file(const FileDescriptor& file) {
  const Result<SecretBytes> content = read_private_file(file, kName, kKeyFileBytesMax);
  return content ? Keyring::parse(content->expose()) : fail(content.error());
}

Result<KeyFile> open_key_file(const std::filesystem::path& path) {
  const std::string name = std::string(kName) + " " + path.string();
  Result<FileDescriptor> file = open_private_file(path, name);
  if (!file) {
    return fail(file.error());
  }
  const Result<SecretBytes> content = read_private_file(*file, name, kKeyFileBytesMax);
  if (!content) {
    return fail(content.error());
  }
  Result<Keyring> keyring = Keyring::parse(content->expose());
  if (!keyring) {
    const Result<SecretBytes> draft = read_private_file(draft_of(path), kName, kKeyFileBytesMax);
    Result<Keyring> drafted = draft ? Keyring::parse(draft->expose()) : fail(draft.error());
    if (!drafted) {
      return fail(keyring.error());
    }
    keyring = std::move(drafted);
  }
  return KeyFile{std::move(*keyring), std::move(*file)};
}

Result<Keyring> read_key_file(const std::filesystem::path& path) {
  Result<KeyFile> opened = open_key_file(path);
  if (!opened) {
    return fail(opened.error());
  }
  return std::move(opened->keyring);
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

Result<FileDescriptor> lock_key_file(const std::filesystem::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!file) {
    return cannot("change the key file", path);
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Errc::kUnavailable, "the key file " + path.string() + " is being changed by another process");
  }
  return file;
}

Result<void> replace_key_file(const std::filesystem::path& path, const Keyring& keyring) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const std::filesystem::path draft_path = draft_of(path);
  const SecretBytes content = keyring.serialize();
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    return cannot("change the key file", path);
  }
  const FileDescriptor draft(
      ::open(draft_path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (!draft) {
    return cannot("write the key file", draft_path);
  }
  Result<void> done = write_all(draft, content.expose(), draft_path);
  if (done) {
    done = sync_folder(folder);
  }
  if (done) {
    // What the old content is longer by is overwritten, not only cut off.
    const auto size = static_cast<std::size_t>(status.st_size);
    SecretBytes padded(std::max(size, content.size()));
    std::copy(content.expose().begin(), content.expose().end(), padded.expose_mutable().begin());
    done = write_all(file, padded.expose(), path);
  }
  if (done) {
    done = write_all(file, content.expose(), path);
  }
  if (done) {
    // The draft's keys are not to outlive the epochs that they are of.
    done = write_all(draft, SecretBytes(content.size()).expose(), draft_path);
    ::unlink(draft_path.c_str());
  }
  return done ? sync_folder(folder) : done;
}

}  // namespace disposable
