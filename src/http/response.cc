#include "http/response.h"

#include <algorithm>

namespace disposable {

namespace {

// When nobody knows better: long enough to be worth waiting for, short enough for a person.
constexpr std::chrono::seconds kRetryAfterDefault{5};
// Space comes back as secrets expire or an operator steps in, not within seconds.
constexpr std::chrono::seconds kStorageRetryAfter{60};

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

Response retry_later(int status, std::chrono::seconds retry_after) {
  Response response = error_response(status);
  const auto wait = retry_after > std::chrono::seconds{0} ? retry_after : kRetryAfterDefault;
  response.headers.push_back({"Retry-After", std::to_string(wait.count())});
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
    case Errc::kRateLimited:
    case Errc::kLocked:
      return retry_later(429, error.retry_after);
    case Errc::kStorageFull:
      return retry_later(507, error.retry_after > std::chrono::seconds{0} ? error.retry_after : kStorageRetryAfter);
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

constexpr std::string_view kDigits = "0123456789abcdef";

// The letter after the backslash for the characters that have one (RFC 8259, section 7); 0 for the others.
char short_escape(std::uint8_t c) {
  switch (c) {
    case '"':
    case '\\':
      return static_cast<char>(c);
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

std::size_t escaped_size(std::uint8_t c) {
  if (short_escape(c) != 0) {
    return 2;
  }
  return c < 0x20 ? 6 : 1;
}

// Writes into a span that was sized for what is written.
class SpanWriter {
 public:
  explicit SpanWriter(std::span<std::uint8_t> out) : at_(out.begin()) {}
  void put(char c) { *at_++ = static_cast<std::uint8_t>(c); }
  void put(std::string_view text) { at_ = std::copy(text.begin(), text.end(), at_); }
  void put_escaped(std::uint8_t c) {
    if (const char letter = short_escape(c); letter != 0) {
      put('\\');
      put(letter);
    } else if (c < 0x20) {
      put("\\u00");
      put(kDigits[c >> 4U]);
      put(kDigits[c & 0x0FU]);
    } else {
      put(static_cast<char>(c));
    }
  }

 private:
  std::span<std::uint8_t>::iterator at_;
};

}  // namespace

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

Response unavailable(std::chrono::seconds retry_after) { return retry_later(503, retry_after); }

Response rate_limited(std::chrono::seconds retry_after) { return retry_later(429, retry_after); }

Response failure_response(const Error& error) {
  Response response = sentence_for(error);
  if (response.status >= 500) {
    response.log_detail = error.detail;
  }
  return response;
}

Response invalid_body_response(std::span<const BodyError> errors) {
  std::string body = "{\"detail\":[";
  for (const BodyError& error : errors) {
    body += body.back() == '[' ? "{\"type\":\"" : ",{\"type\":\"";
    body += error.type;
    body += "\",\"loc\":[\"body\"";
    if (!error.field.empty()) {
      body.append(",\"").append(error.field).append("\"");
    }
    if (error.offset) {
      body.append(",").append(std::to_string(*error.offset));
    }
    body.append("],\"msg\":\"").append(error.message).append("\"}");
  }
  body += "]}";
  return json_response(422, body);
}

SecretBytes json_object_of(std::string_view name, ByteView text) {
  constexpr std::size_t kPunctuation = 7;  // {"": ""} without its space
  std::size_t size = kPunctuation + name.size();
  for (const std::uint8_t c : text) {
    size += escaped_size(c);
  }
  SecretBytes json(size);
  SpanWriter out(json.expose_mutable());
  out.put("{\"");
  out.put(name);
  out.put("\":\"");
  for (const std::uint8_t c : text) {
    out.put_escaped(c);
  }
  out.put("\"}");
  return json;
}

}  // namespace disposable
