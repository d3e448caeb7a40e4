// The JSON bodies of API v1: parsed, validated, and moved straight into SecretBytes.
//
// The rules are those of design section 2; types and messages of the errors are pydantic 2's, as FastAPI reports them.
// Unknown fields are ignored; of a repeated field the last one counts. Bounds of strings are counted in bytes of UTF-8.
//
// Pure functions, thread-safe. They throw nothing but bad_alloc. nlohmann's lexer keeps short-lived copies of a string
// while it reads it; what wipes them is app/wiping_delete.cc.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "crypto/secret_bytes.h"

namespace disposable {

struct BodyLimits {
  std::size_t secret_bytes_max = 1024 * 1024;
  std::size_t passphrase_bytes_max = 1024;
  std::chrono::seconds ttl_max{2'592'000};  // 30 days
};

// When ttl_seconds is absent or null.
inline constexpr std::chrono::seconds kTtlDefault{300};

// Deeper nesting is refused as json_invalid; our bodies have a depth of one.
inline constexpr int kJsonDepthMax = 64;

// One entry of a 422. Constant text and numbers only: nothing of the body.
struct BodyError {
  std::string_view type;
  std::string_view field;               // empty: the body as a whole
  std::optional<std::size_t> offset{};  // where the JSON stops being JSON, in bytes
  std::string message;
};

template <class T>
using Validated = tl::expected<T, std::vector<BodyError>>;  // at least one error, in the order of the fields

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
