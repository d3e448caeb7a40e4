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

// Writes over what is there, the part that the old content is longer by included.
Result<void> overwrite(const FileDescriptor& file, ByteView content, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return cannot("write the key file", path);
  }
  SecretBytes padded(std::max(static_cast<std::size_t>(status.st_size), content.size()));
  std::copy(content.begin(), content.end(), padded.expose_mutable().begin());
  Result<void> done = write_all(file, padded.expose(), path);
  return done ? write_all(file, content, path) : done;
}

Result<Keyring> read_draft(const std::filesystem::path& path) {
  const Result<SecretBytes> draft = read_private_file(draft_of(path), kName, kKeyFileBytesMax);
  return draft ? Keyring::parse(draft->expose()) : fail(draft.error());
}

// Its keys are not to outlive the epochs that they are of.
Result<void> wipe_draft(const std::filesystem::path& path) {
  const std::filesystem::path draft_path = draft_of(path);
  const FileDescriptor draft(::open(draft_path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!draft) {
    return errno == ENOENT ? Result<void>{} : cannot("write the key file", draft_path);
  }
  Result<void> wiped = overwrite(draft, {}, draft_path);
  if (wiped && ::unlink(draft_path.c_str()) != 0) {
    return cannot("remove", draft_path);
  }
  return wiped;
}

// Brings what an interrupted replacement has left to its end. The draft is touched only when the file itself is whole.
Result<void> settle(const FileDescriptor& file, const std::filesystem::path& path) {
  if (!reread_key_file(file)) {
    const Result<Keyring> drafted = read_draft(path);
    if (!drafted) {
      return fail(drafted.error());
    }
    Result<void> mended = overwrite(file, drafted->serialize().expose(), path);
    if (!mended) {
      return mended;
    }
  }
  return wipe_draft(path);
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
  Result<Keyring> keyring = fail(Errc::kCorrupt, name + " is damaged");
  // Somebody may be writing it: then the draft is whole, or, when that is gone already, the file.
  constexpr int kTries = 3;
  for (int i = 0; i < kTries && !keyring; ++i) {
    const Result<SecretBytes> content = read_private_file(*file, name, kKeyFileBytesMax);
    if (!content && content.error().code != Errc::kCorrupt) {
      return fail(content.error());
    }
    keyring = content ? Keyring::parse(content->expose()) : fail(content.error());
    if (!keyring) {
      Result<Keyring> drafted = read_draft(path);
      if (drafted) {
        keyring = std::move(drafted);
      }
    }
  }
  if (!keyring) {
    return fail(keyring.error());
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
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    return cannot("change the key file", path);
  }
  Result<void> done = settle(file, path);
  if (!done) {
    return done;
  }
  const FileDescriptor draft(
      ::open(draft_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  // Whoever reads the file must be able to read the draft.
  if (!draft || (::geteuid() == 0 && ::fchown(draft.get(), status.st_uid, status.st_gid) != 0)) {
    return cannot("write the key file", draft_path);
  }
  const SecretBytes content = keyring.serialize();
  done = write_all(draft, content.expose(), draft_path);
  if (done) {
    done = sync_folder(folder);
  }
  if (done) {
    done = overwrite(file, content.expose(), path);
  }
  if (done) {
    done = wipe_draft(path);
  }
  return done ? sync_folder(folder) : done;
}

}  // namespace disposable
