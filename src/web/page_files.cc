#include <array>

#include "web/assets.h"

// Defined by the assembler file that embed.cmake writes.
#define DISPOSABLE_EMBEDDED(name)                                 \
  extern const std::uint8_t disposable_embedded_##name##_begin[]; \
  extern const std::uint8_t disposable_embedded_##name##_end[]
#define DISPOSABLE_BYTES(name) \
  ByteView { disposable_embedded_##name##_begin, disposable_embedded_##name##_end }
#define DISPOSABLE_COMPRESSED(name) \
  DISPOSABLE_EMBEDDED(name);        \
  DISPOSABLE_EMBEDDED(name##_gz)
extern "C" {
DISPOSABLE_EMBEDDED(page_html);
DISPOSABLE_EMBEDDED(icon_svg);
DISPOSABLE_COMPRESSED(page_js);
DISPOSABLE_COMPRESSED(page_css);
DISPOSABLE_COMPRESSED(de_json);
DISPOSABLE_COMPRESSED(fr_json);
DISPOSABLE_COMPRESSED(es_json);
DISPOSABLE_COMPRESSED(ru_json);
DISPOSABLE_COMPRESSED(zh_json);
DISPOSABLE_COMPRESSED(ar_json);
}

namespace disposable {

namespace {

struct ServedName {
  std::string_view name;
  std::string_view served;
};

constexpr ServedName kServedNames[] = {
#include "web/page/names.inc"  // written into the build folder by page/build.mjs
};

constexpr std::string_view served(std::string_view name) {
  for (const ServedName& entry : kServedNames) {
    if (entry.name == name) {
      return entry.served;
    }
  }
  return {};
}

constexpr std::string_view kJson = "application/json";

}  // namespace

std::span<const EmbeddedPageFile> page_files() {
  static const std::array<EmbeddedPageFile, 9> kFiles{{
      {"page.js", served("page.js"), "text/javascript; charset=utf-8", DISPOSABLE_BYTES(page_js),
       DISPOSABLE_BYTES(page_js_gz)},
      {"page.css", served("page.css"), "text/css; charset=utf-8", DISPOSABLE_BYTES(page_css),
       DISPOSABLE_BYTES(page_css_gz)},
      {"icon.svg", served("icon.svg"), "image/svg+xml", DISPOSABLE_BYTES(icon_svg), {}},
      {"de.json", served("de.json"), kJson, DISPOSABLE_BYTES(de_json), DISPOSABLE_BYTES(de_json_gz)},
      {"fr.json", served("fr.json"), kJson, DISPOSABLE_BYTES(fr_json), DISPOSABLE_BYTES(fr_json_gz)},
      {"es.json", served("es.json"), kJson, DISPOSABLE_BYTES(es_json), DISPOSABLE_BYTES(es_json_gz)},
      {"ru.json", served("ru.json"), kJson, DISPOSABLE_BYTES(ru_json), DISPOSABLE_BYTES(ru_json_gz)},
      {"zh.json", served("zh.json"), kJson, DISPOSABLE_BYTES(zh_json), DISPOSABLE_BYTES(zh_json_gz)},
      {"ar.json", served("ar.json"), kJson, DISPOSABLE_BYTES(ar_json), DISPOSABLE_BYTES(ar_json_gz)},
  }};
  return kFiles;
}

std::string_view page_html() { return as_text(DISPOSABLE_BYTES(page_html)); }

}  // namespace disposable
