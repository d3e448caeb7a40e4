// The files that are embedded at build time: the documentation page at /docs (our page and swagger-ui-dist) and the web
// page, bundled from the sources in page/.

#pragma once

#include <span>
#include <string_view>

#include "base/bytes.h"

namespace disposable {

struct EmbeddedFile {
  std::string_view name;  // its name below /docs; empty for the page itself
  std::string_view content_type;
  ByteView bytes;  // lives as long as the process
};

std::span<const EmbeddedFile> docs_files();

// A file of the web page, as page/build.mjs wrote it.
struct EmbeddedPageFile {
  std::string_view name;
  std::string_view served;  // with a hash of the content
  std::string_view content_type;
  ByteView bytes;
  ByteView gzip;
};

std::span<const EmbeddedPageFile> page_files();
// With marks for what an operator may change: http/pages.h.
std::string_view page_html();

}  // namespace disposable
