#include "http/openapi.h"

// Defined by the assembler file that src/web/embed.cmake writes.
extern "C" {
extern const char disposable_embedded_openapi_begin[];
extern const char disposable_embedded_openapi_end[];
}

namespace disposable {

std::string_view openapi_json() { return {disposable_embedded_openapi_begin, disposable_embedded_openapi_end}; }

}  // namespace disposable
