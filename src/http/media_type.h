// What a body is declared to be (RFC 9110, 8.3 and 8.4). Pure functions, thread-safe.

#pragma once

#include "http/message.h"

namespace disposable {

// application/json or application/*+json, with any parameters.
bool is_json(std::string_view content_type);
// application/octet-stream, with any parameters.
bool is_bytes(std::string_view content_type);
// Without a content coding: nothing here unpacks what a stranger packed.
bool is_plain(const Request& request);

}  // namespace disposable
