#include "app/client_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "app/prompt.h"
#include "base/file_descriptor.h"
#include "base/utf8.h"
#include "client/file_name.h"
#include "client/key_derivation.h"
#include "client/terminal_text.h"

namespace disposable {

namespace {

constexpr std::size_t kInputMost = 256U << 20U;  // of all together: what is shared is in memory three times
constexpr std::size_t kChunk = 64U << 10U;
constexpr const char* kStandardInput = "-";

// To its end, or `most` bytes. A regular file is read in one piece, a pipe in growing ones; nothing is left unwiped.
Outcome<SecretBytes> read_all(int descriptor, const std::string& name, std::size_t most) {
  struct stat status {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  SecretBytes content(regular ? std::min(static_cast<std::size_t>(status.st_size) + 1, most + 1) : kChunk);
  std::size_t size = 0;
  for (;;) {
    if (size == content.size()) {
      content = concatenated({content.expose(), SecretBytes(content.size()).expose()});
    }
    const ssize_t got = ::read(descriptor, content.expose_mutable().data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return client_fail(ClientFailure::kHere, "cannot read " + name + ": " + std::strerror(errno));
    }
    if (got == 0) {
      return SecretBytes::copy_of(content.expose().first(size));
    }
    size += static_cast<std::size_t>(got);
    if (size > most) {
      return client_fail(ClientFailure::kHere, name + " is too large");
    }
  }
}

Outcome<SecretBytes> read_file(const std::string& path, std::size_t most) {
  const std::string name = harmless_name(path);
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    return client_fail(ClientFailure::kHere, "cannot read " + name + ": " + std::strerror(errno));
  }
  return read_all(file.get(), name, most);
}

ByteView without_line_end(ByteView text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
    text = text.first(text.size() - 1);
  }
  return text;
}

Outcome<Link> link_of(std::string_view text) {
  Result<Link> link = parse_link(text);
  if (!link) {
    return client_fail(ClientFailure::kUsage, link.error().detail);
  }
  return std::move(*link);
}

Outcome<Link> asked_link() {
  const Outcome<SecretBytes> typed = ask_unseen("Link (not shown): ");
  return typed ? link_of(as_text(typed->expose())) : Outcome<Link>(client_fail(typed.error()));
}

Outcome<SecretBytes> read_passphrase_file(const std::string& path) {
  constexpr std::size_t kPassphraseMost = 4'096;
  const Outcome<SecretBytes> content = read_file(path, kPassphraseMost);
  if (!content) {
    return client_fail(content.error());
  }
  const ByteView passphrase = without_line_end(content->expose());
  if (passphrase.empty()) {
    return client_fail(ClientFailure::kHere, "the passphrase file is empty");
  }
  return SecretBytes::copy_of(passphrase);
}

// A text, or a file when it is none: the page shows texts.
Part part_of(SecretBytes content) {
  const bool text = is_utf8(as_text(content.expose()));
  return {text ? Part::Kind::kText : Part::Kind::kFile, text ? "" : "standard-input.bin", std::move(content)};
}

Outcome<SecretBytes> typed_or_piped(std::size_t most) {
  if (::isatty(STDIN_FILENO) != 0) {
    return ask_unseen("Secret (one line, not shown): ");
  }
  return read_all(STDIN_FILENO, "standard input", most);
}

std::string name_of(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  return is_utf8(name) ? name : safe_file_name(name);
}

}  // namespace

Outcome<Link> given_link(const std::string& argument) {
  if (!argument.empty() && argument != kStandardInput) {
    return link_of(argument);
  }
  if (::isatty(STDIN_FILENO) != 0) {
    return asked_link();
  }
  constexpr std::size_t kLinkMost = 64U << 10U;
  const Outcome<SecretBytes> piped = read_all(STDIN_FILENO, "standard input", kLinkMost);
  if (!piped) {
    return client_fail(piped.error());
  }
  const std::string_view text = as_text(piped->expose());
  return link_of(text.substr(0, text.find('\n')));
}

Outcome<Link> given_or_asked_link(const std::string& argument) {
  return argument == kStandardInput ? asked_link() : link_of(argument);
}

Outcome<SecretBytes> given_passphrase(const PassphraseOptions& options) {
  if (!options.file.empty()) {
    return read_passphrase_file(options.file);
  }
  Outcome<SecretBytes> typed = ask_unseen("Passphrase (not shown): ");
  if (!typed) {
    return client_fail(typed.error().failure, "a passphrase is needed, and " + typed.error().message,
                       "--passphrase-file FILE has it read from a file");
  }
  return typed;
}

Outcome<SecretBytes> new_passphrase(const PassphraseOptions& options) {
  if (!options.file.empty()) {
    return read_passphrase_file(options.file);
  }
  return options.ask ? ask_unseen_twice("Passphrase (not shown): ", "The same again: ")
                     : Outcome<SecretBytes>(SecretBytes());
}

Outcome<std::vector<Part>> given_parts(const std::vector<std::string>& files) {
  if (files.size() > kPartsMax) {
    return client_fail(ClientFailure::kHere, "a secret has at most 100 files");
  }
  std::vector<Part> parts;
  std::size_t left = kInputMost;
  for (const std::string& path : files.empty() ? std::vector<std::string>{kStandardInput} : files) {
    const bool standard_input = path == kStandardInput;
    Outcome<SecretBytes> content = standard_input ? typed_or_piped(left) : read_file(path, left);
    if (!content) {
      return client_fail(content.error());
    }
    if (content->size() > left) {
      return client_fail(ClientFailure::kHere, "what is to be shared is too large together");
    }
    left -= content->size();
    if (standard_input && content->empty()) {
      return client_fail(ClientFailure::kHere, "there is nothing to share: standard input is empty");
    }
    parts.push_back(standard_input ? part_of(std::move(*content))
                                   : Part{Part::Kind::kFile, name_of(path), std::move(*content)});
  }
  return parts;
}

}  // namespace disposable
