// Creators: who may create, decided by the head of a request: from where it comes, and which token it shows.
//
// Values that do not change once they are built, so any thread may read them; a reload puts others in their place.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "crypto/access_token.h"
#include "http/client_address.h"

namespace disposable {

// A token that lets create. Of the token itself only the digest is known.
struct CreatorToken {
  std::string id;  // token_id() of the digest
  TokenDigest digest{};
  std::optional<WallTime> expires_at{};
  std::uint64_t creates_per_minute = 0;  // 0: no limit
  std::uint64_t bytes_per_day = 0;       // 0: no limit
};

class CreatorTokens {
 public:
  explicit CreatorTokens(std::vector<CreatorToken> tokens = {});

  // The one that `text` is, also when it has expired; null when it is none of them. In constant time but for the id,
  // which is no secret.
  const CreatorToken* find(std::string_view text) const;
  const std::vector<CreatorToken>& all() const { return tokens_; }

 private:
  std::vector<CreatorToken> tokens_;  // by id
};

// What --creators says: whoever fits one of its words may create.
class CreatorRules {
 public:
  // "open": everybody; "token": who shows a token; or a range of addresses (Cidr::parse, with its errors).
  Result<void> add(std::string_view word);

  // Without a word, everybody.
  bool open() const { return open_ || (!token_ && ranges_.empty()); }
  bool by_token() const { return token_; }
  bool holds(const ClientAddress& client) const;
  // For clients that want to know beforehand: "open", "token" when one helps, else "restricted".
  std::string_view creation() const { return open() ? "open" : token_ ? "token" : "restricted"; }

 private:
  bool open_ = false;
  bool token_ = false;
  std::vector<Cidr> ranges_;
};

enum class CreationRefusal : std::uint8_t {
  kUnauthorized,  // 401: a token is missing, wrong or expired
  kForbidden,     // 403: and no token would help
};

// The id of the token that was shown, or empty without one.
using Principal = tl::expected<std::string, CreationRefusal>;

// Whose idempotency keys those of a creation are: the token's or, without one, those of what the limits count the
// client by. No token's id has a colon, so the kinds cannot meet.
std::string idempotency_principal(const Request& request);

struct Creators {
  CreatorRules rules{};
  std::shared_ptr<const CreatorTokens> tokens = std::make_shared<const CreatorTokens>();

  // `Authorization: Bearer TOKEN` (RFC 6750, 2.1) shows a token; one that is wrong is refused whatever the rules say.
  // Other schemes are no business of ours: a proxy before us may have asked for a password. Two fields are a mistake.
  Principal admit(const ClientAddress& client, const std::vector<HeaderField>& headers, WallTime now) const;
};

}  // namespace disposable
