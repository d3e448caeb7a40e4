// The token file: the tokens that let create, a line for each, without the tokens themselves.
//
//   disposable-secrets tokens 1
//   token 4f1d09c2aa37 digest <64 hexadecimal digits> created 1790000000 expires 1792592000 rate 30 bytes 0 name ci
//
// Times are seconds since the Unix epoch; 0 is never, and no limit; the name - is none. The file is replaced in one
// step, so a reader sees it whole; no part of it leads back to a token, but whoever can change it can create.

#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "http/creators.h"

namespace disposable {

struct StoredToken {
  CreatorToken token;
  std::string name;  // is_token_name()
  WallTime created_at{};
};

// Keeps the file's size, and what the service needs for each, within bounds.
inline constexpr std::size_t kTokensMax = 10'000;

// At most 64 bytes of UTF-8, none of them a control character; empty is none.
bool is_token_name(std::string_view name);

std::string format_tokens(const std::vector<StoredToken>& tokens);
// kCorrupt with the number of the line that is damaged.
Result<std::vector<StoredToken>> parse_tokens(std::string_view text);

// In the order in which they were made; empty also when there is no such file. Errors as of read_private_file();
// kCorrupt when it is damaged. The detail is a sentence for the operator.
Result<std::vector<StoredToken>> read_token_file(const std::filesystem::path& path);

// Reads the file, lets `change` change what it holds, and puts the outcome in its place, durable on return. Of several
// processes each waits for those before it, so that no change is lost. A new file is mode 0600 and, when root makes it,
// its folder's owner's; an old one's owner stays. When `change` fails, nothing happens.
Result<void> change_token_file(const std::filesystem::path& path,
                               const std::function<Result<void>(std::vector<StoredToken>& tokens)>& change);

// Tells whether the file is another one, or has other content, than when it was read. Thread-compatible.
class TokenFileWatch {
 public:
  explicit TokenFileWatch(std::filesystem::path path) : path_(std::move(path)) {}

  // Since the last read().
  bool changed() const { return look() != seen_; }
  // Errors as of read_token_file().
  Result<std::shared_ptr<const CreatorTokens>> read();

 private:
  struct Seen {
    dev_t device = 0;
    ino_t number = 0;
    off_t size = 0;
    std::int64_t modified = 0;  // nanoseconds
    std::int64_t touched = 0;   // permissions and name too
    bool operator==(const Seen&) const = default;
  };
  std::optional<Seen> look() const;

  const std::filesystem::path path_;
  std::optional<Seen> seen_;  // nothing: there was no file
};

}  // namespace disposable
