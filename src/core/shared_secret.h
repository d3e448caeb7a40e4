// What callers of the vault bring and what they are told. Values; those that hold secrets are move-only.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "core/webhook.h"
#include "crypto/receipt_key.h"
#include "crypto/secret_key.h"

namespace disposable {

inline constexpr int kViewsMax = 100;
inline constexpr std::size_t kProofSize = 32;
inline constexpr std::size_t kClaimSizeMin = 16;
inline constexpr std::size_t kClaimSizeMax = 32;
inline constexpr std::size_t kIdempotencyKeySizeMin = 16;
inline constexpr std::size_t kIdempotencyKeySizeMax = 255;

// API v1.
struct NewSecret {
  SecretBytes secret;      // at least one byte
  SecretBytes passphrase;  // empty: none
  std::chrono::seconds ttl{300};
  std::string token{};  // token_id() of the token that its creator has shown, for the log; empty: none
};

// API v2, to the end: what opens and deletes a secret besides its key. Empty: not given. What a secret does not ask for
// is ignored.
struct Access {
  SecretBytes proof;  // kProofSize bytes of high entropy, from the part of the link that the server never sees
  SecretBytes passphrase;
};

struct NewSharedSecret {
  SecretBytes secret;  // at least one byte
  Access access;
  std::chrono::seconds ttl{86'400};
  int views = 1;                // 1 to kViewsMax
  std::string idempotency_key;  // visible ASCII; empty: none
  std::string principal;        // whose idempotency key it is; two of one name share their keys
  SecretBytes webhook;          // URL of who is told what happens (core/webhook_url.h); empty: nobody
  std::string token{};          // as of NewSecret
  // Its creator may store nothing more for so long: what repeats an earlier one is answered, all else is kRateLimited.
  std::optional<std::chrono::seconds> only_again{};
};

struct Created {
  SecretKey key;
  ReceiptKey receipt;
  WallTime expires_at;
  std::optional<WebhookIdentity> webhook{};  // where a webhook was given, and for who gave it
  bool repeats = false;                      // an earlier answer; nothing was stored
};

struct Revealed {
  SecretBytes secret;
  int views_left = 0;
  bool repeatable = false;  // the claim gets it again
};

enum class Stage : std::uint8_t { kLive, kRetrieved, kDeleted, kExpired };

struct Status {
  Stage stage = Stage::kLive;
  WallTime created_at;
  WallTime expires_at;
  std::optional<WallTime> changed_at;  // of the last retrieval, or of deletion or expiry; not known of API v1's secrets
  int views = 1;
  int views_left = 0;
  bool passphrase = false;
  bool proof = false;
  std::uint64_t bytes = 0;  // of the secret; of a spent one of API v1 it is not known, and 0
  std::optional<WallTime> locked_until;
};

// A request for a secret: whoever has the fill key may put one in, once; only the request key reads it.
struct NewRequest {
  SecretKey request_key;
  SecretKey fill_key;
  WallTime expires_at;
  std::optional<WebhookIdentity> webhook{};  // of the request and of what is put in
};

enum class RequestStage : std::uint8_t { kWaiting, kFilled, kDeleted, kExpired };

struct RequestStatus {
  RequestStage stage = RequestStage::kWaiting;
  WallTime expires_at;  // of the secret once it is filled
};

}  // namespace disposable
