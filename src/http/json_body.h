// The JSON bodies of API v1: parsed, validated, and moved straight into SecretBytes (http/json_fields.h).
//
// The rules are those of design section 2; types and messages of the errors are pydantic 2's, as FastAPI reports them.
// Pure functions, thread-safe. They throw nothing but bad_alloc.

#pragma once

#include <chrono>

#include "http/json_fields.h"

namespace disposable {

struct BodyLimits {
  std::size_t secret_bytes_max = 1024 * 1024;       // in JSON
  std::size_t upload_bytes_max = 25 * 1024 * 1024;  // as bytes
  std::size_t passphrase_bytes_max = 1024;
  std::chrono::seconds ttl_max{2'592'000};  // 30 days
};

// When ttl_seconds is absent or null.
inline constexpr std::chrono::seconds kTtlDefault{300};

struct CreateBody {
  SecretBytes secret;
  SecretBytes passphrase;  // empty: none
  std::chrono::seconds ttl{kTtlDefault};
};

struct DeleteBody {
  SecretBytes passphrase;  // empty: none
};

Validated<CreateBody> parse_create_body(ByteView body, const BodyLimits& limits);
// An empty body and null count as no passphrase.
Validated<DeleteBody> parse_delete_body(ByteView body, const BodyLimits& limits);

}  // namespace disposable
