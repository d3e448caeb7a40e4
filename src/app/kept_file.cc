#include "app/kept_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "app/durable_file.h"
#include "client/file_name.h"
#include "client/terminal_text.h"

namespace disposable {

namespace {

namespace fs = std::filesystem;

tl::unexpected<ClientError> failed_to(const char* what, const std::string& name, int error) {
  return client_fail(ClientFailure::kHere, "cannot " + std::string(what) + " " + name + ": " + std::strerror(error));
}

// The first path that is free, made by `create`, which says whether it could; errno has why not.
template <class Create>
Outcome<fs::path> first_free(const fs::path& wanted, const Create& create) {
  constexpr int kNumberMost = 1'000;
  fs::path path = wanted;
  for (int number = 2; !create(path); ++number) {
    if (errno != EEXIST || number == kNumberMost) {
      return failed_to("create", harmless_name(wanted.string()), errno);
    }
    path = wanted.parent_path() / numbered_file_name(wanted.filename().string(), number);
  }
  return path;
}

}  // namespace

Outcome<FileDescriptor> set_aside(const fs::path& folder, std::uint64_t bytes) {
  const std::string name = "to the folder " + harmless_name(folder.string());
  std::string path = (folder / ".disposable-secrets-XXXXXX").string();
  FileDescriptor room(::mkostemp(path.data(), O_CLOEXEC));
  if (!room) {
    return failed_to("write", name, errno);
  }
  ::unlink(path.c_str());
  const int error = bytes == 0 ? 0 : ::posix_fallocate(room.get(), 0, static_cast<off_t>(bytes));
  if (error != 0) {
    return failed_to("write", name, error);
  }
  return room;
}

Outcome<fs::path> keep_file(const fs::path& wanted, ByteView content, bool replace) {
  FileDescriptor file;
  const auto create = [&file](const fs::path& path) {
    file.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
    return static_cast<bool>(file);
  };
  Outcome<fs::path> created = first_free(replace ? fs::path(wanted.string() + ".draft") : wanted, create);
  if (!created) {
    return created;
  }
  const std::string name = harmless_name(wanted.string());
  Outcome<void> written = write_all(file.get(), name, content);
  if (written && (::fsync(file.get()) != 0 || ::close(file.release()) != 0 ||
                  (replace && ::rename(created->c_str(), wanted.c_str()) != 0))) {
    written = failed_to("write", name, errno);
  }
  if (!written) {
    ::unlink(created->c_str());  // a part of a file looks like a file
    return client_fail(written.error());
  }
  const fs::path folder = wanted.has_parent_path() ? wanted.parent_path() : fs::path(".");
  ignore(sync_folder(folder), "it is there; not every file system can do this");
  return replace ? wanted : *created;
}

Outcome<fs::path> create_folder(const fs::path& wanted) {
  return first_free(wanted, [](const fs::path& path) { return ::mkdir(path.c_str(), S_IRWXU) == 0; });
}

Outcome<void> write_all(int descriptor, const std::string& name, ByteView content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EAGAIN) {  // somebody else has made the pipe so
      pollfd writable{descriptor, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (written < 0 && errno != EINTR) {
      return failed_to("write", name, errno);
    }
    content = content.subspan(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace disposable
