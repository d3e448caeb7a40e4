#include "http/response.h"

#include "http/json_text.h"

namespace disposable {

namespace {

// When nobody knows better: long enough to be worth waiting for, short enough for a person.
constexpr std::chrono::seconds kRetryAfterDefault{5};
// Space comes back as secrets expire or an operator steps in, not within seconds.
constexpr std::chrono::seconds kStorageRetryAfter{60};

Response retry_later(int status, std::chrono::seconds retry_after) {
  Response response = error_response(status);
  set_retry_after(response, retry_after);
  return response;
}

Response sentence_for(const Error& error) {
  switch (error.code) {
    case Errc::kNotFound:
      return error_response(404, "Secret not found or expired");
    case Errc::kSpent:
      return error_response(410, "Secret already retrieved or deleted");
    case Errc::kDenied:
    case Errc::kWrongProof:  // API v1 asks for none
      return error_response(403, "Invalid passphrase");
    case Errc::kLocked:
    case Errc::kRateLimited:
      return retry_later(429, error.retry_after);
    case Errc::kStorageFull:
      return retry_later(507, error.retry_after);
    case Errc::kUnavailable:
    case Errc::kCorrupt:
      return retry_later(503, error.retry_after);
    case Errc::kInvalidArgument:  // the body is validated before the vault sees it
    case Errc::kAlreadyExists:    // a random key that exists: the random source is broken
    case Errc::kConflict:         // the vault tries again by itself
    case Errc::kInternal:
      return error_response(500);
  }
  return error_response(500);
}

}  // namespace

std::string_view sentence_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 411:
      return "Length Required";
    case 413:
      return "Request body too large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too many attempts, try again later";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service unavailable, try again later";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Storage is full, try again later";
    default:
      return "Internal Server Error";
  }
}

Response json_response(int status, SecretBytes body) {
  return uncached_response(status, "application/json", std::move(body));
}

Response uncached_response(int status, std::string_view content_type, SecretBytes body) {
  Response response;
  response.status = status;
  response.content_type = content_type;
  response.fixed_headers =
      "Cache-Control: no-cache, no-store, must-revalidate\r\n"
      "Pragma: no-cache\r\n"
      "Expires: 0\r\n"
      "X-Content-Type-Options: nosniff\r\n"
      "Referrer-Policy: no-referrer\r\n";
  response.body = std::move(body);
  return response;
}

Response json_response(int status, std::string_view body) {
  return json_response(status, SecretBytes::copy_of(as_bytes(body)));
}

Response error_response(int status) { return error_response(status, sentence_of(status)); }

Response error_response(int status, std::string_view detail) {
  return json_response(status, json_object_of("detail", as_bytes(detail)));
}

void set_retry_after(Response& response, std::chrono::seconds wait) {
  if (wait <= std::chrono::seconds{0}) {
    wait = response.status == 507 ? kStorageRetryAfter : kRetryAfterDefault;
  }
  response.headers.push_back({"Retry-After", std::to_string(wait.count())});
}

Response unavailable(std::chrono::seconds retry_after) { return retry_later(503, retry_after); }

Response rate_limited(std::chrono::seconds retry_after) { return retry_later(429, retry_after); }

Response failure_response(const Error& error) {
  Response response = sentence_for(error);
  response.denied = error.code == Errc::kDenied;
  if (response.status >= 500) {
    response.log_detail = error.detail;
  }
  return response;
}

Response invalid_body_response(const std::vector<FieldError>& errors) {
  return json_response(422, "{\"detail\":" + json_array_of(errors) + "}");
}

}  // namespace disposable
