#include "http/problem.h"

#include <algorithm>
#include <array>

#include "http/response.h"

namespace disposable {

namespace {

constexpr std::array kKinds{
    ProblemKind{Problem::kInvalidBody, "invalid-body", 422, "The request is not valid",
                "What is wrong stands in errors; nothing was done"},
    ProblemKind{Problem::kIdempotencyKeyReused, "idempotency-key-reused", 422, "The Idempotency-Key was used before",
                "It belongs to another request, or to a secret that is spent"},
    ProblemKind{Problem::kUnauthorized, "unauthorized", 401, "A valid token is required to create",
                "It is missing, unknown, expired or revoked"},
    ProblemKind{Problem::kForbidden, "forbidden", 403, "Creating is not allowed from this address",
                "It is restricted to certain addresses"},
    ProblemKind{Problem::kPrefetch, "prefetch", 403, "Prefetching does not retrieve a secret",
                "The request says that it is a prefetch or a preview; nothing is spent"},
    ProblemKind{Problem::kWebhookRefused, "webhook-refused", 403, "A webhook is not allowed here",
                "The operator has not allowed it, or for those with a token alone; nothing was created"},
    ProblemKind{Problem::kWrongProof, "wrong-proof", 403, "The link is not complete",
                "The proof is wrong or missing; nothing is spent, and the attempt is counted"},
    ProblemKind{Problem::kWrongPassphrase, "wrong-passphrase", 403, "The passphrase is wrong",
                "It is wrong or missing; nothing is spent, and the attempt is counted"},
    ProblemKind{Problem::kNotFound, "not-found", 404, "Not found",
                "There is nothing under this path or key, or it has expired"},
    ProblemKind{Problem::kMethodNotAllowed, "method-not-allowed", 405, "Method not allowed",
                "Allow names the methods of this path"},
    ProblemKind{Problem::kFilled, "filled", 409, "The request is filled", "It was answered before"},
    ProblemKind{Problem::kRetrieved, "retrieved", 410, "The secret was retrieved",
                "Somebody has retrieved it; nobody can again"},
    ProblemKind{Problem::kDeleted, "deleted", 410, "The secret was deleted", "Nobody can retrieve it any more"},
    ProblemKind{Problem::kTooLarge, "too-large", 413, "The body is too large",
                "It is larger than this operation takes"},
    ProblemKind{Problem::kUnsupportedMediaType, "unsupported-media-type", 415, "Unsupported media type",
                "The Content-Type is none that this operation takes, or the body is encoded"},
    ProblemKind{Problem::kLocked, "locked", 429, "The secret is locked",
                "There were too many wrong attempts; nothing is spent"},
    ProblemKind{Problem::kRateLimited, "rate-limited", 429, "Too many requests", "Try again later"},
    ProblemKind{Problem::kInternal, "internal", 500, "Internal server error",
                "A defect of the service; nothing is revealed"},
    ProblemKind{Problem::kUnavailable, "unavailable", 503, "Service unavailable",
                "Something cannot commit, or there is too much at once; try again later"},
    ProblemKind{Problem::kStorageFull, "storage-full", 507, "The storage is full",
                "Nothing was stored; try again later"},
};

const ProblemKind& kind_of(Problem problem) {
  return *std::find_if(kKinds.begin(), kKinds.end(), [problem](const ProblemKind& k) { return k.problem == problem; });
}

// `more` are members beyond the common ones, each with a comma before it.
Response problem_json(int status, std::string_view type, std::string_view title, std::string_view detail,
                      std::string_view more) {
  std::string body = "{\"type\":\"";
  body.append(type).append("\",\"title\":\"").append(title).append("\",\"status\":").append(std::to_string(status));
  if (!detail.empty()) {
    body.append(",\"detail\":\"").append(detail).append("\"");
  }
  body.append(more).append("}");
  return uncached_response(status, "application/problem+json", SecretBytes::copy_of(as_bytes(body)));
}

Response problem_with(Problem problem, std::string_view more) {
  const ProblemKind& kind = kind_of(problem);
  return problem_json(kind.status, std::string(kProblemTypePrefix).append(kind.name), kind.title, kind.detail, more);
}

Problem problem_for(Errc code) {
  switch (code) {
    case Errc::kNotFound:
      return Problem::kNotFound;
    case Errc::kSpent:
      return Problem::kRetrieved;
    case Errc::kDenied:
      return Problem::kWrongPassphrase;
    case Errc::kWrongProof:
      return Problem::kWrongProof;
    case Errc::kLocked:
      return Problem::kLocked;
    case Errc::kRateLimited:
      return Problem::kRateLimited;
    case Errc::kStorageFull:
      return Problem::kStorageFull;
    case Errc::kUnavailable:
    case Errc::kCorrupt:
      return Problem::kUnavailable;
    case Errc::kInvalidArgument:  // the request is validated before the vault sees it
    case Errc::kAlreadyExists:    // what it means, the operation knows
    case Errc::kConflict:         // the vault tries again by itself
    case Errc::kInternal:
      break;
  }
  return Problem::kInternal;
}

// The one that a status stands for where the status is all there is to say.
const ProblemKind* kind_of_status(int status) {
  for (const Problem problem :
       {Problem::kNotFound, Problem::kMethodNotAllowed, Problem::kTooLarge, Problem::kUnsupportedMediaType,
        Problem::kRateLimited, Problem::kInternal, Problem::kUnavailable, Problem::kStorageFull}) {
    if (kind_of(problem).status == status) {
      return &kind_of(problem);
    }
  }
  return nullptr;
}

}  // namespace

std::span<const ProblemKind> problem_kinds() { return kKinds; }

Response problem_response(Problem problem) { return problem_with(problem, {}); }

Response problem_response(Problem problem, std::chrono::seconds retry_after) {
  Response response = problem_response(problem);
  set_retry_after(response, retry_after);
  return response;
}

Response gone_response(Problem problem, std::optional<WallTime> at) {
  return problem_with(problem, at ? ",\"at\":\"" + format_utc(*at) + "\"" : std::string{});
}

Response invalid_body_problem(const std::vector<FieldError>& errors) {
  return problem_with(Problem::kInvalidBody, ",\"errors\":" + json_array_of(errors));
}

Response problem_of(const Error& error) {
  const Problem problem = problem_for(error.code);
  const int status = kind_of(problem).status;
  Response response = problem_response(problem);
  response.denied = problem == Problem::kWrongPassphrase || problem == Problem::kWrongProof;
  if (status == 429 || status == 503 || status == 507) {
    set_retry_after(response, error.retry_after);
  }
  if (status >= 500) {
    response.log_detail = error.detail;
  }
  return response;
}

ErrorForm error_form(std::string_view path) {
  constexpr std::string_view kRoot = "/api/v2";
  const bool inside = path.starts_with(kRoot) && (path.size() == kRoot.size() || path[kRoot.size()] == '/');
  return inside ? ErrorForm::kProblem : ErrorForm::kDetail;
}

Response error_response(int status, ErrorForm form) {
  if (form == ErrorForm::kDetail) {
    return error_response(status);
  }
  const ProblemKind* const kind = kind_of_status(status);
  return kind == nullptr ? problem_json(status, "about:blank", sentence_of(status), {}, {})
                         : problem_response(kind->problem);
}

Response unavailable(std::chrono::seconds retry_after, ErrorForm form) {
  return form == ErrorForm::kDetail ? unavailable(retry_after) : problem_response(Problem::kUnavailable, retry_after);
}

Response rate_limited(std::chrono::seconds retry_after, ErrorForm form) {
  return form == ErrorForm::kDetail ? rate_limited(retry_after) : problem_response(Problem::kRateLimited, retry_after);
}

Response creation_refused(CreationRefusal refusal, ErrorForm form) {
  const bool unauthorized = refusal == CreationRefusal::kUnauthorized;
  const Problem problem = unauthorized ? Problem::kUnauthorized : Problem::kForbidden;
  const ProblemKind& kind = kind_of(problem);
  Response response = form == ErrorForm::kDetail ? error_response(kind.status, kind.title) : problem_response(problem);
  if (unauthorized) {
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
  }
  return response;
}

}  // namespace disposable
