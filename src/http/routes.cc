// Routing: the table of operations, and what follows from it alone.

#include <algorithm>

#include "http/api.h"
#include "http/response.h"

namespace disposable {

namespace {

// A body that nobody reads: enough for clients that send an empty JSON object with everything.
constexpr std::uint64_t kIgnoredBodyBytesMax = 4096;
// In JSON a byte of a string takes at most six (\u00XX).
constexpr std::uint64_t kEscapedByteMax = 6;
// Field names, other fields and white space around the strings.
constexpr std::uint64_t kCreateSlackBytes = 16 * 1024;
constexpr std::uint64_t kDeleteSlackBytes = 4 * 1024;

constexpr int kPageStatuses[] = {200, 413};
constexpr int kAssetStatuses[] = {200, 404, 413};
constexpr int kReadyStatuses[] = {200, 413, 503};
constexpr int kCreateStatuses[] = {200, 413, 415, 422, 429, 500, 503, 507};
constexpr int kRetrieveStatuses[] = {200, 403, 404, 410, 413, 500, 503};
constexpr int kDeleteStatuses[] = {200, 403, 404, 410, 413, 415, 422, 429, 500, 503};

// The parameter of `path` under `pattern`; nothing when it does not match. A parameter is one segment, not empty.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
  const std::size_t brace = pattern.find('{');
  if (brace == std::string_view::npos) {
    return path == pattern ? std::optional(std::string_view{}) : std::nullopt;
  }
  if (!path.starts_with(pattern.substr(0, brace))) {
    return std::nullopt;
  }
  const std::string_view parameter = path.substr(brace);
  if (parameter.empty() || parameter.find('/') != std::string_view::npos) {
    return std::nullopt;
  }
  return parameter;
}

bool takes(const Api::Operation& operation, std::string_view method) {
  return operation.method == method || (operation.head_too && method == "HEAD");
}

// application/json or application/*+json, with any parameters; a missing content type counts as JSON.
bool is_json(std::optional<std::string_view> content_type) {
  if (!content_type) {
    return true;
  }
  std::string_view type = content_type->substr(0, content_type->find(';'));
  type = type.substr(0, type.find_last_not_of(" \t") + 1);
  constexpr std::string_view kPrefix = "application/";
  constexpr std::string_view kSuffix = "+json";
  if (!equal_ignoring_case(type.substr(0, kPrefix.size()), kPrefix)) {
    return false;
  }
  const std::string_view subtype = type.substr(kPrefix.size());
  return equal_ignoring_case(subtype, "json") ||
         (subtype.size() > kSuffix.size() &&
          equal_ignoring_case(subtype.substr(subtype.size() - kSuffix.size()), kSuffix));
}

// A body that is encoded is no JSON to us, and nothing here unpacks what a stranger packed.
bool is_plain(std::optional<std::string_view> content_encoding) {
  return !content_encoding || content_encoding->empty() || equal_ignoring_case(*content_encoding, "identity");
}

struct Match {
  const Api::Operation* operation = nullptr;  // null: none for that method
  std::string_view parameter;
  bool path_known = false;
};

Match find(std::string_view method, std::string_view path) {
  Match found;
  for (const Api::Operation& operation : Api::operations()) {
    const auto parameter = match(operation.pattern, path);
    if (!parameter) {
      continue;
    }
    found.path_known = true;
    if (takes(operation, method)) {
      found.operation = &operation;
      found.parameter = *parameter;
    }
  }
  return found;
}

// The value of Allow (RFC 9110, 10.2.1).
std::string methods_of(std::string_view path) {
  std::string methods;
  for (const Api::Operation& operation : Api::operations()) {
    if (match(operation.pattern, path)) {
      methods += methods.empty() ? "" : ", ";
      methods += operation.method;
      methods += operation.head_too ? ", HEAD" : "";
    }
  }
  return methods;
}

}  // namespace

std::span<const Api::Operation> Api::operations() {
  static constexpr Operation kOperations[] = {
      {"/", "GET", true, Body::kIgnored, kPageStatuses, &Api::welcome},
      {"/api/v1/secret", "POST", false, Body::kRequired, kCreateStatuses, &Api::create},
      {"/api/v1/secret/{secret_key}", "GET", false, Body::kIgnored, kRetrieveStatuses, &Api::retrieve},
      {"/api/v1/secret/{secret_key}", "DELETE", false, Body::kOptional, kDeleteStatuses, &Api::delete_secret},
      {"/docs", "GET", true, Body::kIgnored, kAssetStatuses, &Api::docs},
      {"/docs/{asset}", "GET", true, Body::kIgnored, kAssetStatuses, &Api::docs},
      {"/openapi.json", "GET", true, Body::kIgnored, kPageStatuses, &Api::openapi},
      {"/healthz", "GET", true, Body::kIgnored, kPageStatuses, &Api::healthz},
      {"/readyz", "GET", true, Body::kIgnored, kReadyStatuses, &Api::readyz},
  };
  return kOperations;
}

std::uint64_t Api::body_bytes_max(const Operation& operation) const {
  switch (operation.body) {
    case Body::kIgnored:
      return kIgnoredBodyBytesMax;
    case Body::kOptional:
      return kEscapedByteMax * parts_.limits.passphrase_bytes_max + kDeleteSlackBytes;
    case Body::kRequired:
      return kEscapedByteMax * (parts_.limits.secret_bytes_max + parts_.limits.passphrase_bytes_max) +
             kCreateSlackBytes;
  }
  return 0;
}

std::optional<Response> Api::refuse(const Request& head, std::uint64_t body_bytes) const {
  const Match found = find(head.method, head.path);
  if (!found.path_known) {
    return error_response(404);
  }
  if (found.operation == nullptr) {
    Response response = error_response(405);
    response.headers.push_back({"Allow", methods_of(head.path)});
    return response;
  }
  if (body_bytes > body_bytes_max(*found.operation)) {
    return error_response(413);
  }
  const bool reads_body =
      found.operation->body == Body::kRequired || (found.operation->body == Body::kOptional && body_bytes > 0);
  if (reads_body && !(is_json(head.header("Content-Type")) && is_plain(head.header("Content-Encoding")))) {
    return error_response(415);
  }
  return std::nullopt;
}

Response Api::handle(const Request& request) const {
  if (auto refusal = refuse(request, request.body.size())) {
    return std::move(*refusal);
  }
  const Match found = find(request.method, request.path);
  return (this->*found.operation->handler)(request, found.parameter);
}

}  // namespace disposable
