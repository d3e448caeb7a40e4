#include "app/token_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "app/durable_file.h"
#include "base/log.h"
#include "crypto/private_file.h"

namespace disposable {

namespace {

constexpr std::string_view kHeader = "disposable-secrets tokens 1";
constexpr std::string_view kNoName = "-";  // not empty, since editors take away blanks at a line's end
constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kLineBytesMax = 320;
constexpr std::size_t kFileBytesMax = kTokensMax * kLineBytesMax;

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

WallTime time_of(std::int64_t seconds) { return WallTime{std::chrono::seconds{seconds}}; }

tl::unexpected<Error> cannot(const char* what, const std::filesystem::path& path) {
  return fail(Errc::kUnavailable,
              std::string("cannot ") + what + " the token file " + path.string() + ": " + std::strerror(errno));
}

std::string line_of(const StoredToken& stored) {
  const CreatorToken& token = stored.token;
  return "token " + token.id + " digest " + to_hex(token.digest.bytes) + " created " +
         std::to_string(seconds_of(stored.created_at)) + " expires " +
         std::to_string(token.expires_at ? seconds_of(*token.expires_at) : 0) + " rate " +
         std::to_string(token.creates_per_minute) + " bytes " + std::to_string(token.bytes_per_day) + " name " +
         (stored.name.empty() ? std::string(kNoName) : stored.name) + "\n";
}

// Takes "WORD VALUE " off the front of `line`; nothing when it is not there.
std::optional<std::string_view> take(std::string_view& line, std::string_view word) {
  if (!line.starts_with(word) || line.substr(word.size(), 1) != " ") {
    return std::nullopt;
  }
  line.remove_prefix(word.size() + 1);
  const std::size_t end = line.find(' ');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view value = line.substr(0, end);
  line.remove_prefix(end + 1);
  return value;
}

// Also a limit, which is none below zero.
std::optional<std::int64_t> take_number(std::string_view& line, std::string_view word) {
  const std::string_view text = take(line, word).value_or("");
  constexpr std::size_t kDigitsMax = 15;  // 34 million years, or 888 TiB
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return !text.empty() && text.size() <= kDigitsMax && digits ? std::optional(std::stoll(std::string(text)))
                                                              : std::nullopt;
}

std::optional<StoredToken> parse_line(std::string_view line) {
  const std::optional<std::string_view> id = take(line, "token");
  const Result<Bytes> digest = from_hex(take(line, "digest").value_or(""));
  const std::optional<std::int64_t> created = take_number(line, "created");
  const std::optional<std::int64_t> expires = take_number(line, "expires");
  const std::optional<std::int64_t> rate = take_number(line, "rate");
  const std::optional<std::int64_t> bytes = take_number(line, "bytes");
  constexpr std::string_view kName = "name ";
  StoredToken stored;
  if (!id || !digest || digest->size() != stored.token.digest.bytes.size() || !created || !expires || !rate || !bytes ||
      !line.starts_with(kName) || !is_token_name(line.substr(kName.size()))) {
    return std::nullopt;
  }
  std::copy(digest->begin(), digest->end(), stored.token.digest.bytes.begin());
  stored.token.id = token_id(stored.token.digest);
  stored.token.expires_at = *expires == 0 ? std::nullopt : std::optional(time_of(*expires));
  stored.token.creates_per_minute = static_cast<std::uint64_t>(*rate);
  stored.token.bytes_per_day = static_cast<std::uint64_t>(*bytes);
  stored.name = line.substr(kName.size());
  if (stored.name == kNoName) {
    stored.name.clear();
  }
  stored.created_at = time_of(*created);
  return stored.token.id == *id ? std::optional(std::move(stored)) : std::nullopt;
}

// Left by one of us, if it was there before: another could hold it open and write to it afterwards.
bool may_be_draft(const struct stat& draft, const std::filesystem::path& path) {
  struct stat folder {};
  struct stat file {};
  return draft.st_uid == ::geteuid() ||
         (::stat(path.parent_path().c_str(), &folder) == 0 && draft.st_uid == folder.st_uid) ||
         (::lstat(path.c_str(), &file) == 0 && draft.st_uid == file.st_uid);
}

// What is written before it takes the file's name. Its lock is the file's: it is opened by all who want to change the
// file, and whoever waited for one that has become the file meanwhile opens the next.
Result<FileDescriptor> lock_draft(const std::filesystem::path& draft, const std::filesystem::path& path) {
  for (;;) {
    FileDescriptor file(
        ::open(draft.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, S_IRUSR | S_IWUSR));
    struct stat ours {};
    if (!file || ::flock(file.get(), LOCK_EX) != 0 || ::fstat(file.get(), &ours) != 0) {
      return cannot("write", path);
    }
    // Another name of it could be a file that the owner of the folder may not write.
    if (!S_ISREG(ours.st_mode) || ours.st_nlink > 1 || !may_be_draft(ours, path)) {
      return fail(Errc::kInvalidArgument, draft.string() + " is in the way; remove it");
    }
    struct stat named {};
    if (::lstat(draft.c_str(), &named) == 0 && named.st_dev == ours.st_dev && named.st_ino == ours.st_ino) {
      return file;
    }
  }
}

// Whoever could read the file before can read it after. Of a new one that is the folder's owner: it may be root who
// makes a token for a service that is another user.
bool give_to_reader(const FileDescriptor& draft, const std::filesystem::path& path) {
  struct stat model {};
  const bool replaced = ::lstat(path.c_str(), &model) == 0;
  if (!replaced && ::stat(path.parent_path().c_str(), &model) != 0) {
    return false;
  }
  const mode_t mode = S_IRUSR | S_IWUSR | (replaced ? model.st_mode & S_IRGRP : 0U);
  // Emptied first: what a crash left in it is not for a new reader.
  return ::ftruncate(draft.get(), 0) == 0 &&
         (::geteuid() != 0 || ::fchown(draft.get(), model.st_uid, model.st_gid) == 0) &&
         ::fchmod(draft.get(), mode) == 0;
}

bool write_all(const FileDescriptor& file, std::string_view content) {
  for (off_t offset = 0; !content.empty();) {
    const ssize_t written = ::pwrite(file.get(), content.data(), content.size(), offset);
    if (written < 0 && errno != EINTR) {
      return false;
    }
    offset += written < 0 ? 0 : written;
    content.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return ::fsync(file.get()) == 0;
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * std::nano::den + std::int64_t{time.tv_nsec};
}

}  // namespace

bool is_token_name(std::string_view name) {
  constexpr unsigned char kDelete = 0x7F;
  const bool printable = std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' && static_cast<unsigned char>(c) != kDelete;
  });
  return name.size() <= kNameBytesMax && printable && nlohmann::json::accept("\"" + json_escape(name) + "\"");
}

std::string format_tokens(const std::vector<StoredToken>& tokens) {
  std::string text = std::string(kHeader) + "\n";
  for (const StoredToken& token : tokens) {
    text += line_of(token);
  }
  return text;
}

Result<std::vector<StoredToken>> parse_tokens(std::string_view text) {
  std::vector<StoredToken> tokens;
  std::set<std::string> ids;
  std::size_t number = 0;
  while (number == 0 || !text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    std::optional<StoredToken> token = number == 1 ? std::nullopt : parse_line(line);
    const bool good = end != std::string_view::npos && tokens.size() < kTokensMax &&
                      (number == 1 ? line == kHeader : token && ids.insert(token->token.id).second);
    if (!good) {
      return fail(Errc::kCorrupt, "line " + std::to_string(number) + " is damaged");
    }
    if (token) {
      tokens.push_back(std::move(*token));
    }
    text.remove_prefix(end + 1);
  }
  return tokens;
}

Result<std::vector<StoredToken>> read_token_file(const std::filesystem::path& path) {
  const Result<SecretBytes> content = read_private_file(path, "the token file", kFileBytesMax);
  if (!content) {
    return content.error().code == Errc::kNotFound ? Result<std::vector<StoredToken>>() : fail(content.error());
  }
  Result<std::vector<StoredToken>> tokens = parse_tokens(as_text(content->expose()));
  return tokens ? std::move(tokens)
                : fail(Errc::kCorrupt, "the token file " + path.string() + ": " + tokens.error().detail);
}

Result<void> change_token_file(const std::filesystem::path& name,
                               const std::function<Result<void>(std::vector<StoredToken>& tokens)>& change) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(name, error);
  // It would be replaced by a file. Root does not follow what another user may have put here.
  if (std::filesystem::is_symlink(path, error)) {
    return fail(Errc::kInvalidArgument, "the token file " + name.string() + " is a link; name the file itself");
  }
  std::filesystem::create_directories(path.parent_path(), error);
  const std::filesystem::path draft = path.string() + ".draft";
  const Result<FileDescriptor> file = lock_draft(draft, path);
  if (!file) {
    return fail(file.error());
  }
  Result<std::vector<StoredToken>> tokens = read_token_file(path);
  Result<void> changed = tokens ? change(*tokens) : fail(tokens.error());
  if (changed && (!give_to_reader(*file, path) || !write_all(*file, format_tokens(*tokens)) ||
                  ::rename(draft.c_str(), path.c_str()) != 0)) {
    changed = cannot("write", path);
  }
  if (!changed) {
    ::unlink(draft.c_str());
    return changed;
  }
  return sync_folder(path.parent_path());
}

std::optional<TokenFileWatch::Seen> TokenFileWatch::look() const {
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return Seen{status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

Result<std::shared_ptr<const CreatorTokens>> TokenFileWatch::read() {
  seen_ = look();  // before, so that what changes meanwhile is seen
  Result<std::vector<StoredToken>> stored = read_token_file(path_);
  if (!stored) {
    return fail(stored.error());
  }
  std::vector<CreatorToken> tokens;
  tokens.reserve(stored->size());
  for (StoredToken& each : *stored) {
    tokens.push_back(std::move(each.token));
  }
  return std::make_shared<const CreatorTokens>(std::move(tokens));
}

}  // namespace disposable
