// The description of the API (OpenAPI 3.1), written by hand in openapi.json and embedded at build time.

#pragma once

#include <string_view>

namespace disposable {

// Lives as long as the process.
std::string_view openapi_json();

}  // namespace disposable
