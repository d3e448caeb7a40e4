// The files of the documentation page at /docs, embedded at build time: our page and swagger-ui-dist.

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

}  // namespace disposable
