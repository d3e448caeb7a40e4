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
constexpr int kRetrieveStatuses[] = {200, 403, 404, 410, 413, 429, 500, 503};
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
      {"/", "GET", true, Work::kNone, Body::kIgnored, kPageStatuses, &Api::welcome},
      {"/api/v1/secret", "POST", false, Work::kCreate, Body::kRequired, kCreateStatuses, &Api::create},
      {"/api/v1/secret/{secret_key}", "GET", false, Work::kRetrieve, Body::kIgnored, kRetrieveStatuses, &Api::retrieve},
      {"/api/v1/secret/{secret_key}", "DELETE", false, Work::kDelete, Body::kOptional, kDeleteStatuses,
       &Api::delete_secret},
      {"/docs", "GET", true, Work::kNone, Body::kIgnored, kAssetStatuses, &Api::docs},
      {"/docs/{asset}", "GET", true, Work::kNone, Body::kIgnored, kAssetStatuses, &Api::docs},
      {"/openapi.json", "GET", true, Work::kNone, Body::kIgnored, kPageStatuses, &Api::openapi},
      {"/healthz", "GET", true, Work::kNone, Body::kIgnored, kPageStatuses, &Api::healthz},
      {"/readyz", "GET", true, Work::kNone, Body::kIgnored, kReadyStatuses, &Api::readyz},
      {"/metrics", "GET", true, Work::kInspect, Body::kIgnored, kAssetStatuses, &Api::metrics},
  };
  return kOperations;
}

RouteName route_name(RouteIndex route) {
  const std::span<const Api::Operation> operations = Api::operations();
  return route < operations.size() ? RouteName{operations[route].method, operations[route].pattern}
                                   : RouteName{"unmatched", "unmatched"};
}

bool Api::serves(const Request& request) const {
  if (request.path == "/metrics") {
    return parts_.metrics && (request.metrics_listener || !parts_.metrics_apart);
  }
  return !request.metrics_listener || request.path == "/healthz" || request.path == "/readyz";
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

Api::Route Api::route(std::string_view method, std::string_view path) {
  Route route;
  for (const Operation& operation : operations()) {
    const auto parameter = match(operation.pattern, path);
    if (!parameter) {
      continue;
    }
    route.path_known = true;
    if (takes(operation, method)) {
      route.operation = &operation;
      route.index = static_cast<RouteIndex>(&operation - operations().data());
      route.parameter = *parameter;
    }
  }
  return route;
}

std::optional<Response> Api::refuse(const Route& route, const Request& head, std::uint64_t body_bytes) const {
  if (!route.path_known || !serves(head)) {
    return error_response(404);
  }
  if (route.operation == nullptr) {
    Response response = error_response(405);
    response.headers.push_back({"Allow", methods_of(head.path)});
    return response;
  }
  if (body_bytes > body_bytes_max(*route.operation)) {
    return error_response(413);
  }
  const Body body = route.operation->body;
  const bool reads_body = body == Body::kRequired || (body == Body::kOptional && body_bytes > 0);
  if (reads_body && !(is_json(head.header("Content-Type")) && is_plain(head.header("Content-Encoding")))) {
    return error_response(415);
  }
  return std::nullopt;
}

Response Api::handle(const Route& route, const Request& request) const {
  return (this->*route.operation->handler)(request, route.parameter);
}

Response Api::handle(const Request& request) const {
  const Route found = route(request.method, request.path);
  if (auto refusal = refuse(found, request, request.body.size())) {
    return std::move(*refusal);
  }
  return handle(found, request);
}

}  // namespace disposable
