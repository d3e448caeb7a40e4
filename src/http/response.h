// Responses: the one place where a status, a fixed sentence and the headers of design section 2 come together.
//
// Nothing of a request is ever repeated in a response. Pure functions, thread-safe.

#pragma once

#include <chrono>
#include <span>

#include "http/json_body.h"
#include "http/message.h"

namespace disposable {

// A body, JSON or other, with the headers that every answer of the API carries: never cached, never sniffed, no
// referrer.
Response json_response(int status, SecretBytes body);
Response uncached_response(int status, std::string_view content_type, SecretBytes body);
Response json_response(int status, std::string_view body);

// {"detail": <the fixed sentence of that status>}. Statuses of this service only; others give the sentence of 500.
Response error_response(int status);
// {"detail": detail}; for the statuses that mean several things. `detail` needs no escaping.
Response error_response(int status, std::string_view detail);

// 503 with Retry-After: what leaves instead of a response whose ticket did not become durable.
Response unavailable(std::chrono::seconds retry_after);

// 429 with Retry-After.
Response rate_limited(std::chrono::seconds retry_after);

// The answer to a failure of the vault: the only place where an Errc becomes a status.
Response failure_response(const Error& error);

// 422 in FastAPI's shape, without its `input` field.
Response invalid_body_response(std::span<const BodyError> errors);

// {"<name>": "<text>"} as JSON, escaped into memory that is sized once and wiped. `name` needs no escaping; `text` is
// valid UTF-8.
SecretBytes json_object_of(std::string_view name, ByteView text);

// Status line and header lines with their empty line, Date, Content-Length and, when the connection ends with the
// response, `Connection: close`. `date` as HttpDate writes it.
std::string format_head(const Response& response, std::string_view date, bool close);

}  // namespace disposable
