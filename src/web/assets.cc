#include "web/assets.h"

#include <array>

// Defined by the assembler file that embed.cmake writes.
#define DISPOSABLE_EMBEDDED(name)                                 \
  extern const std::uint8_t disposable_embedded_##name##_begin[]; \
  extern const std::uint8_t disposable_embedded_##name##_end[]
extern "C" {
DISPOSABLE_EMBEDDED(docs_html);
DISPOSABLE_EMBEDDED(docs_css);
DISPOSABLE_EMBEDDED(docs_js);
DISPOSABLE_EMBEDDED(swagger_ui_css);
DISPOSABLE_EMBEDDED(swagger_ui_js);
}

namespace disposable {

std::span<const EmbeddedFile> docs_files() {
  static const std::array<EmbeddedFile, 5> kFiles{{
      {"", "text/html; charset=utf-8", {disposable_embedded_docs_html_begin, disposable_embedded_docs_html_end}},
      {"docs.css", "text/css; charset=utf-8", {disposable_embedded_docs_css_begin, disposable_embedded_docs_css_end}},
      {"docs.js",
       "text/javascript; charset=utf-8",
       {disposable_embedded_docs_js_begin, disposable_embedded_docs_js_end}},
      {"swagger-ui.css",
       "text/css; charset=utf-8",
       {disposable_embedded_swagger_ui_css_begin, disposable_embedded_swagger_ui_css_end}},
      {"swagger-ui-bundle.js",
       "text/javascript; charset=utf-8",
       {disposable_embedded_swagger_ui_js_begin, disposable_embedded_swagger_ui_js_end}},
  }};
  return kFiles;
}

}  // namespace disposable
