#include "app/received_parts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "app/terminal.h"
#include "base/file_descriptor.h"
#include "client/file_name.h"
#include "client/terminal_text.h"

namespace disposable {

namespace {

namespace fs = std::filesystem;

constexpr int kNumberMost = 1'000;

// Where files go: a folder, or one path of the person's own.
struct Place {
  fs::path folder;
  fs::path file;  // empty: files have the names that they came with
};

Place place_of(const OutputOptions& options, bool several) {
  const fs::path path = options.path.empty() ? fs::path(".") : fs::path(options.path);
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code error;
  if (fs::is_directory(path, error) || !path.has_filename()) {
    return {path, {}};
  }
  if (several) {  // for a path that was to be one file: a folder of that name, or where the file is that has it
    return {fs::exists(fs::symlink_status(path, error)) ? parent : path, {}};
  }
  return {parent, path};
}

Outcome<FileDescriptor> create_file(const fs::path& path) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) {
    return client_fail(ClientFailure::kHere,
                       "cannot create " + harmless_name(path.string()) + ": " + std::strerror(errno));
  }
  return file;
}

Outcome<void> write_all(FileDescriptor file, const fs::path& path, ByteView content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno != EINTR) {
      return client_fail(ClientFailure::kHere,
                         "cannot write " + harmless_name(path.string()) + ": " + std::strerror(errno));
    }
    content = content.subspan(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  if (::close(file.release()) != 0) {
    return client_fail(ClientFailure::kHere,
                       "cannot write " + harmless_name(path.string()) + ": " + std::strerror(errno));
  }
  return {};
}

// The path that it has got.
Outcome<fs::path> write_file(const fs::path& wanted, ByteView content, bool replace) {
  if (replace) {
    ::unlink(wanted.c_str());  // whatever a link there points to stays as it is
  }
  fs::path path = wanted;
  Outcome<FileDescriptor> file = create_file(path);
  for (int number = 2; !file && errno == EEXIST && number < kNumberMost; ++number) {
    path = wanted.parent_path() / numbered_file_name(wanted.filename().string(), number);
    file = create_file(path);
  }
  if (!file) {
    return client_fail(file.error());
  }
  const Outcome<void> written = write_all(std::move(*file), path, content);
  if (!written) {
    ::unlink(path.c_str());  // a part of a file looks like a file
    return client_fail(written.error());
  }
  return path;
}

// What was written so far, and how it went.
struct Delivery {
  std::set<fs::path> written;  // never replaced, whatever --force says: two files of a secret may have one name
  Outcome<void> outcome;
};

// Where `part` is now. There is no other copy of it, so where it was to go is only the first place that is tried.
// Nothing: no place took it. Whatever went wrong is in the outcome.
std::optional<fs::path> write_part(const Part& part, const fs::path& wanted, bool force, Delivery& delivery) {
  std::error_code error;
  const std::string name = wanted.filename().string();
  std::optional<ClientError> first;
  for (const fs::path& path : {wanted, fs::path(".") / name, fs::temp_directory_path(error) / name}) {
    const bool replace = force && path == wanted && !delivery.written.contains(path);
    Outcome<fs::path> written = write_file(path, part.content.expose(), replace);
    if (!written) {
      first = first ? first : written.error();
      continue;
    }
    delivery.written.insert(*written);
    if (first) {
      delivery.outcome = client_fail(first->failure, first->message, "it is in " + harmless_name(written->string()));
    }
    return *written;
  }
  delivery.outcome = client_fail(*first);
  return std::nullopt;
}

void print_text(const Part& part) {
  if (::isatty(STDOUT_FILENO) == 0) {
    print(as_text(part.content.expose()));
    return;
  }
  const SecretBytes shown = harmless_text(part.content.expose());
  print(as_text(shown.expose()));
  if (shown.empty() || shown.expose().back() != '\n') {
    print("\n");
  }
}

nlohmann::json json_of(const Part& part, const fs::path& path) {
  nlohmann::json object = {{"kind", part.kind == Part::Kind::kText ? "text" : "file"}};
  if (part.kind == Part::Kind::kText && path.empty()) {
    object["text"] = as_text(part.content.expose());
    return object;
  }
  object["name"] = part.name;
  object["path"] = path.string();
  object["bytes"] = part.content.size();
  return object;
}

}  // namespace

Outcome<void> check_output(const OutputOptions& options) {
  const Place place = place_of(options, /*several=*/false);
  std::error_code error;
  if (!place.file.empty() && !options.force && fs::exists(fs::symlink_status(place.file, error))) {
    return client_fail(ClientFailure::kHere, harmless_name(place.file.string()) + " exists already",
                       "--force replaces it; nothing was retrieved yet");
  }
  if (::access(place.folder.c_str(), W_OK | X_OK) != 0) {
    return client_fail(
        ClientFailure::kHere,
        "cannot write to the folder " + harmless_name(place.folder.string()) + ": " + std::strerror(errno),
        "--output PATH names another; nothing was retrieved yet");
  }
  return {};
}

Outcome<void> deliver(const std::vector<Part>& parts, const OutputOptions& options, bool json, int views_left) {
  const Place place = place_of(options, parts.size() > 1);
  std::error_code error;
  fs::create_directory(place.folder, error);  // several files for a path that was to be one
  nlohmann::json list = nlohmann::json::array();
  Delivery delivery;
  for (const Part& part : parts) {
    fs::path written_to;
    if (part.kind == Part::Kind::kFile || !place.file.empty()) {
      const fs::path wanted = place.file.empty() ? place.folder / safe_file_name(part.name) : place.file;
      const std::optional<fs::path> written = write_part(part, wanted, options.force, delivery);
      if (!written) {
        continue;  // the others may do well
      }
      written_to = *written;
      if (!json) {
        print_note("wrote " + harmless_name(written_to.string()));
      }
    } else if (!json) {
      print_text(part);
    }
    list.push_back(json_of(part, written_to));
  }
  if (json) {
    print_json({{"parts", std::move(list)}, {"views_left", views_left}});
  }
  return delivery.outcome;
}

}  // namespace disposable
