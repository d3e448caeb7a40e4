#include "app/received_parts.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/kept_file.h"
#include "app/terminal.h"
#include "base/utf8.h"
#include "client/file_name.h"
#include "client/key_derivation.h"
#include "client/terminal_text.h"

namespace disposable {

namespace {

namespace fs = std::filesystem;

// Where that is kept which has no place of its own.
std::array<fs::path, 2> shelters() {
  std::error_code error;
  return {fs::path("."), fs::temp_directory_path(error)};
}

Outcome<void> open_file(Destination& destination, const fs::path& path) {
  std::error_code error;
  const std::string name = harmless_name(path.string());
  const bool there = fs::exists(fs::symlink_status(path, error));
  if (there && !destination.replace) {
    return client_fail(ClientFailure::kHere, name + " exists already",
                       "--force replaces it; nothing was retrieved yet");
  }
  if (there && fs::exists(path, error) && !fs::is_regular_file(path, error)) {
    destination.stream.reset(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
    if (!destination.stream) {
      return client_fail(ClientFailure::kHere, "cannot write to " + name + ": " + std::strerror(errno));
    }
  }
  destination.file = path;
  destination.folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  return {};
}

// How it goes.
struct Delivery {
  Outcome<void> outcome;

  // Where `content` is instead, for that `reason`. There is no other copy of it. Nothing: no place takes it.
  std::optional<fs::path> shelter(const ClientError& reason, ByteView content, const std::string& name) {
    for (const fs::path& folder : shelters()) {
      const Outcome<fs::path> kept = keep_file(folder / name, content, /*replace=*/false);
      if (kept) {
        outcome = client_fail(reason.failure, reason.message, "it is in " + harmless_name(kept->string()));
        return *kept;
      }
    }
    outcome = client_fail(reason);
    return std::nullopt;
  }

  // `shown` is what is printed of `content`.
  void print(ByteView shown, ByteView content, const std::string& name) {
    const Outcome<void> written = write_all(STDOUT_FILENO, "standard output", shown);
    if (!written) {
      shelter(written.error(), content, name);
    }
  }
};

std::string name_of(const Part& part) {
  return part.kind == Part::Kind::kText ? "secret.txt" : safe_file_name(part.name);
}

// What one place cannot take is kept as if none had been named, which is told.
void settle(const std::vector<Part>& parts, Destination& destination, Delivery& delivery) {
  const bool several = parts.size() > 1;
  if (several && !destination.room) {
    delivery.outcome = client_fail(ClientFailure::kHere, "the secret has several parts, and no folder takes them",
                                   "they follow each other where you wanted one");
    return;
  }
  const auto elsewhere = [&](const std::string& why) {
    delivery.outcome = client_fail(ClientFailure::kHere, why,
                                   "its files are in the folder " + harmless_name(destination.folder.string()));
  };
  if (several && !destination.file.empty() && !destination.stream) {
    const Outcome<fs::path> created = create_folder(destination.file);
    destination.folder = created ? *created : shelters().front();
    if (!created) {
      elsewhere(created.error().message);
    }
  } else if (several && (destination.standard_output || destination.stream)) {
    elsewhere("the secret has several parts, which do not go to one place");
  } else if (destination.standard_output && ::isatty(STDOUT_FILENO) != 0 &&
             !is_utf8(as_text(parts.front().content.expose()))) {
    elsewhere("the secret is no text, and standard output is a terminal");
    destination.standard_output = false;
  }
  if (several) {
    destination.standard_output = false;
    destination.stream.reset();
    destination.file.clear();
  }
}

bool is_printed(const Part& part, const Destination& destination) {
  return destination.standard_output || (part.kind == Part::Kind::kText && destination.file.empty());
}

void print_part(const Part& part, Delivery& delivery) {
  const ByteView content = part.content.expose();
  if (::isatty(STDOUT_FILENO) == 0) {
    delivery.print(content, content, name_of(part));
    return;
  }
  const SecretBytes shown = harmless_text(content);
  const bool ended = !shown.empty() && shown.expose().back() == '\n';
  delivery.print(concatenated({shown.expose(), as_bytes(ended ? "" : "\n")}).expose(), content, name_of(part));
}

// Where it is now.
std::optional<fs::path> write_part(const Part& part, const Destination& destination, Delivery& delivery) {
  const ByteView content = part.content.expose();
  const fs::path wanted = destination.file.empty() ? destination.folder / name_of(part) : destination.file;
  if (!destination.stream) {
    const Outcome<fs::path> kept = keep_file(wanted, content, destination.replace && !destination.file.empty());
    return kept ? *kept : delivery.shelter(kept.error(), content, wanted.filename().string());
  }
  const Outcome<void> written = write_all(destination.stream.get(), harmless_name(wanted.string()), content);
  return written ? wanted : delivery.shelter(written.error(), content, name_of(part));
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

Outcome<Destination> open_destination(const OutputOptions& options, bool json, std::uint64_t bytes) {
  Destination destination;
  destination.replace = options.force;
  destination.json = json;
  destination.standard_output = options.path == "-";
  if (destination.standard_output && json) {
    return client_fail(ClientFailure::kUsage, "--output - and --json are both for standard output");
  }
  const fs::path path = options.path.empty() ? fs::path(".") : fs::path(options.path);
  std::error_code error;
  if (fs::is_directory(path, error) || !path.has_filename()) {
    destination.folder = path;
  } else if (!destination.standard_output) {
    const Outcome<void> opened = open_file(destination, path);
    if (!opened) {
      return client_fail(opened.error());
    }
  }
  const bool streamed = destination.standard_output || destination.stream;
  if (streamed) {  // needs a folder, too: for what it does not take
    destination.folder = shelters().front();
  }
  Outcome<FileDescriptor> room = set_aside(destination.folder, bytes);
  if (!room && streamed) {
    destination.folder = shelters().back();
    room = set_aside(destination.folder, bytes);
  }
  if (room) {
    destination.room = std::move(*room);
  } else if (!streamed) {  // where nothing can be written, a stream is all there is
    return client_fail(room.error().failure, room.error().message,
                       "--output PATH names another, - standard output; nothing was retrieved yet");
  }
  return destination;
}

Outcome<void> deliver(const std::vector<Part>& parts, Destination destination, int views_left) {
  Delivery delivery;
  settle(parts, destination, delivery);
  destination.room.reset();
  nlohmann::json list = nlohmann::json::array();
  for (const Part& part : parts) {
    fs::path written_to;
    if (!is_printed(part, destination)) {
      const std::optional<fs::path> written = write_part(part, destination, delivery);
      if (!written) {
        continue;  // the others may do well
      }
      written_to = *written;
      if (!destination.json) {
        print_note("wrote " + harmless_name(written_to.string()));
      }
    } else if (!destination.json) {
      print_part(part, delivery);
    }
    list.push_back(json_of(part, written_to));
  }
  if (destination.json) {
    const std::string line = json_line({{"parts", std::move(list)}, {"views_left", views_left}});
    delivery.print(as_bytes(line), as_bytes(line), "secret.json");
  }
  return delivery.outcome;
}

}  // namespace disposable
