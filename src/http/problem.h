// Problems: what API v2 answers instead of what was asked for, as problem+json (RFC 9457).
//
// The closed list of what can go wrong, each with its name, status and fixed sentences; nothing of a request is ever
// repeated. README and openapi.json have the same list, and tests compare. Pure functions, thread-safe.

#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "base/clock.h"
#include "http/creators.h"
#include "http/field_errors.h"
#include "http/message.h"

namespace disposable {

enum class Problem : std::uint8_t {
  kInvalidBody,
  kIdempotencyKeyReused,
  kUnauthorized,
  kForbidden,
  kPrefetch,
  kWebhookRefused,
  kWrongProof,
  kWrongPassphrase,
  kNotFound,
  kMethodNotAllowed,
  kFilled,
  kRetrieved,
  kDeleted,
  kTooLarge,
  kUnsupportedMediaType,
  kLocked,
  kRateLimited,
  kInternal,
  kUnavailable,
  kStorageFull,
};

struct ProblemKind {
  Problem problem{};
  std::string_view name;  // its type is kProblemTypePrefix and this
  int status = 0;
  std::string_view title;
  std::string_view detail;
};
inline constexpr std::string_view kProblemTypePrefix = "urn:disposable-secrets:problem:";
std::span<const ProblemKind> problem_kinds();

Response problem_response(Problem problem);
// With Retry-After; zero: as long as is usual for the problem.
Response problem_response(Problem problem, std::chrono::seconds retry_after);
// For kRetrieved and kDeleted: when it happened, if that is known.
Response gone_response(Problem problem, std::optional<WallTime> at);
// 422 with every error, as v1's.
Response invalid_body_problem(const std::vector<FieldError>& errors);
// The answer to a failure of the vault that means the same wherever it occurs.
Response problem_of(const Error& error);

// In which form an answer tells what went wrong: as the API does that the path belongs to.
enum class ErrorForm : std::uint8_t {
  kDetail,   // {"detail": ...}: v1, and everything that is no API
  kProblem,  // problem+json: v2
};
ErrorForm error_form(std::string_view path);
// A status that needs no more than itself, for whoever refuses a request before its handler. A status that no problem
// has is of the type "about:blank".
Response error_response(int status, ErrorForm form);
Response unavailable(std::chrono::seconds retry_after, ErrorForm form);
Response rate_limited(std::chrono::seconds retry_after, ErrorForm form);
// 401 with WWW-Authenticate, or 403.
Response creation_refused(CreationRefusal refusal, ErrorForm form);

}  // namespace disposable
