// Routing: the table of operations, and what follows from it alone.

#include <algorithm>

#include "http/api.h"
#include "http/api_v2.h"
#include "http/media_type.h"
#include "http/problem.h"
#include "http/response.h"

namespace disposable {

namespace {

// A body that nobody reads: enough for clients that send an empty JSON object with everything.
constexpr std::uint64_t kIgnoredBodyBytesMax = 4096;
// In JSON a byte of a string takes at most six (\u00XX).
constexpr std::uint64_t kEscapedByteMax = 6;
// Field names, other fields and white space around the strings.
constexpr std::uint64_t kCreateSlackBytes = 16 * 1024;
constexpr std::uint64_t kSmallSlackBytes = 4 * 1024;

constexpr int kPageStatuses[] = {200, 413};
constexpr int kAssetStatuses[] = {200, 404, 413};
constexpr int kReadyStatuses[] = {200, 413, 503};
constexpr int kMetricsStatuses[] = {200, 404, 413, 503};
constexpr int kCreateStatuses[] = {200, 401, 403, 413, 415, 422, 429, 500, 503, 507};
constexpr int kRetrieveStatuses[] = {200, 403, 404, 410, 413, 429, 500, 503};
constexpr int kDeleteStatuses[] = {200, 403, 404, 410, 413, 415, 422, 429, 500, 503};

namespace of_v2 {
constexpr int kCreate[] = {201, 401, 403, 413, 415, 422, 429, 500, 503, 507};
constexpr int kOpen[] = {200, 403, 404, 410, 413, 415, 422, 429, 500, 503};
constexpr int kStatus[] = {200, 404, 413, 415, 422, 429, 500, 503};
constexpr int kDeleteByKey[] = {200, 404, 410, 413, 415, 422, 429, 500, 503};
constexpr int kFill[] = {201, 404, 409, 410, 413, 415, 422, 429, 500, 503, 507};
}  // namespace of_v2

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

// A speculative request comes from a machine, not from a reader: it must not spend what the reader came for.
// Sec-Purpose and Purpose are what browsers send (HTML, "speculative loading"), the others what they once sent.
bool is_speculative(const Request& request) {
  constexpr HeaderField kMarks[] = {
      {"Sec-Purpose", "prefetch"}, {"Purpose", "prefetch"}, {"X-Purpose", "preview"}, {"X-Moz", "prefetch"}};
  for (const HeaderField& mark : kMarks) {
    const std::string_view value = request.header(mark.name).value_or("");
    // Sec-Purpose may go on with parameters: "prefetch;prerender".
    if (equal_ignoring_case(value.substr(0, mark.value.size()), mark.value)) {
      return true;
    }
  }
  return false;
}

bool spends(Api::Work work) { return work == Api::Work::kRetrieve || work == Api::Work::kOpen; }

// Whether the body is of a type that is taken. Without a type it counts as JSON, but not where bytes are taken, too:
// there a JSON text would be stored as it stands, with its passphrase.
bool takes_type(Api::Body body, std::optional<std::string_view> content_type) {
  switch (body) {
    case Api::Body::kIgnored:
      return true;
    case Api::Body::kOptional:
    case Api::Body::kRequired:
    case Api::Body::kSmall:
      return !content_type || is_json(*content_type);
    case Api::Body::kBytes:
      return content_type && is_bytes(*content_type);
    case Api::Body::kAny:
      return content_type && (is_json(*content_type) || is_bytes(*content_type));
  }
  return false;
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
      {"/s", "GET", true, Work::kNone, Body::kIgnored, kPageStatuses, &Api::page},
      {"/r", "GET", true, Work::kNone, Body::kIgnored, kPageStatuses, &Api::page},
      {"/q", "GET", true, Work::kNone, Body::kIgnored, kPageStatuses, &Api::page},
      {"/page/{file}", "GET", true, Work::kNone, Body::kIgnored, kAssetStatuses, &Api::page_file},
      {"/api/v1/secret", "POST", false, Work::kCreate, Body::kRequired, kCreateStatuses, &Api::create,
       /*creates=*/true},
      {"/api/v1/secret/{secret_key}", "GET", false, Work::kRetrieve, Body::kIgnored, kRetrieveStatuses, &Api::retrieve},
      {"/api/v1/secret/{secret_key}", "DELETE", false, Work::kDelete, Body::kOptional, kDeleteStatuses,
       &Api::delete_secret},
      {"/api/v2/secrets", "POST", false, Work::kCreate, Body::kAny, of_v2::kCreate, &Api::with_parts<v2::create>,
       /*creates=*/true, /*promises=*/false, /*repeats=*/true},
      {"/api/v2/secrets/retrieve", "POST", false, Work::kOpen, Body::kSmall, of_v2::kOpen,
       &Api::with_parts<v2::retrieve>},
      {"/api/v2/secrets/status", "POST", false, Work::kLookUp, Body::kSmall, of_v2::kStatus,
       &Api::with_parts<v2::status>},
      {"/api/v2/secrets/delete", "POST", false, Work::kDelete, Body::kSmall, of_v2::kOpen,
       &Api::with_parts<v2::delete_secret>},
      {"/api/v2/receipts/status", "POST", false, Work::kLookUp, Body::kSmall, of_v2::kStatus,
       &Api::with_parts<v2::receipt_status>},
      {"/api/v2/receipts/delete", "POST", false, Work::kLookUp, Body::kSmall, of_v2::kDeleteByKey,
       &Api::with_parts<v2::delete_by_receipt>},
      {"/api/v2/requests", "POST", false, Work::kCreate, Body::kOptional, of_v2::kCreate,
       &Api::with_parts<v2::create_request>, /*creates=*/true, /*promises=*/true},
      {"/api/v2/requests/status", "POST", false, Work::kLookUp, Body::kSmall, of_v2::kStatus,
       &Api::with_parts<v2::request_status>},
      {"/api/v2/requests/fill", "POST", false, Work::kCreate, Body::kBytes, of_v2::kFill, &Api::with_parts<v2::fill>,
       /*creates=*/false, /*promises=*/false, /*repeats=*/true},
      {"/api/v2/requests/delete", "POST", false, Work::kLookUp, Body::kSmall, of_v2::kDeleteByKey,
       &Api::with_parts<v2::delete_request>},
      {"/api/v2/service", "GET", false, Work::kNone, Body::kIgnored, kPageStatuses, &Api::with_parts<v2::service>},
      {"/docs", "GET", true, Work::kNone, Body::kIgnored, kPageStatuses, &Api::docs},
      {"/docs/{asset}", "GET", true, Work::kNone, Body::kIgnored, kAssetStatuses, &Api::docs},
      {"/openapi.json", "GET", true, Work::kNone, Body::kIgnored, kPageStatuses, &Api::openapi},
      {"/healthz", "GET", true, Work::kNone, Body::kIgnored, kPageStatuses, &Api::healthz},
      {"/readyz", "GET", true, Work::kNone, Body::kIgnored, kReadyStatuses, &Api::readyz},
      {"/metrics", "GET", true, Work::kInspect, Body::kIgnored, kMetricsStatuses, &Api::metrics},
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

std::uint64_t Api::body_bytes_max(Body body, bool json) const {
  switch (body) {
    case Body::kIgnored:
      return kIgnoredBodyBytesMax;
    case Body::kOptional:
    case Body::kSmall:
      return kEscapedByteMax * parts_.limits.passphrase_bytes_max + kSmallSlackBytes;
    case Body::kRequired:
      return kEscapedByteMax * (parts_.limits.secret_bytes_max + parts_.limits.passphrase_bytes_max) +
             kCreateSlackBytes;
    case Body::kBytes:
      return parts_.limits.upload_bytes_max;
    case Body::kAny:
      return body_bytes_max(json ? Body::kRequired : Body::kBytes, json);
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
  const ErrorForm form = error_form(head.path);
  if (!route.path_known || !serves(head)) {
    return error_response(404, form);
  }
  if (route.operation == nullptr) {
    Response response = error_response(405, form);
    response.headers.push_back({"Allow", methods_of(head.path)});
    return response;
  }
  const std::optional<std::string_view> type = head.header("Content-Type");
  const Body body = route.operation->body;
  if (body_bytes > body_bytes_max(body, is_json(type.value_or("")))) {
    return error_response(413, form);
  }
  const bool reads_body = body != Body::kIgnored && (body != Body::kOptional || body_bytes > 0);
  if (reads_body && !(head.count("Content-Type") <= 1 && takes_type(body, type) && is_plain(head))) {
    return error_response(415, form);
  }
  if (spends(route.operation->work) && is_speculative(head)) {
    return form == ErrorForm::kProblem ? problem_response(Problem::kPrefetch)
                                       : error_response(403, "Prefetching does not retrieve a secret");
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
