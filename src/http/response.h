// Responses: the one place where a status, a fixed sentence and the headers of design section 2 come together.
//
// Nothing of a request is ever repeated in a response. Pure functions, thread-safe.

#pragma once

#include <chrono>

#include "http/field_errors.h"
#include "http/message.h"

namespace disposable {

// A body, JSON or other, with the headers that every answer of the API carries: never cached, never sniffed, no
// referrer.
Response json_response(int status, SecretBytes body);
Response uncached_response(int status, std::string_view content_type, SecretBytes body);
Response json_response(int status, std::string_view body);

// The fixed sentence of a status of this service; of others, that of 500.
std::string_view sentence_of(int status);

// {"detail": sentence_of(status)}.
Response error_response(int status);
// {"detail": detail}; for the statuses that mean several things. `detail` needs no escaping.
Response error_response(int status, std::string_view detail);

// Adds Retry-After; zero: as long as is usual for the status.
void set_retry_after(Response& response, std::chrono::seconds wait);

// 503 with Retry-After: what leaves instead of a response whose ticket did not become durable.
Response unavailable(std::chrono::seconds retry_after);

// 429 with Retry-After.
Response rate_limited(std::chrono::seconds retry_after);

// The answer to a failure of the vault: the only place where an Errc becomes a status.
Response failure_response(const Error& error);

// 422 in FastAPI's shape, without its `input` field.
Response invalid_body_response(const std::vector<FieldError>& errors);

// Status line and header lines with their empty line, Date, Content-Length and, when the connection ends with the
// response, `Connection: close`. `date` as HttpDate writes it.
std::string format_head(const Response& response, std::string_view date, bool close);

}  // namespace disposable
