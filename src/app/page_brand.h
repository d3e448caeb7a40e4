// What an operator has changed about the web page, read at the start: later the logo's name is out of reach.

#pragma once

#include <memory>
#include <string>

#include "http/pages.h"

namespace disposable {

struct PageOptions {
  std::string name{kServiceNameDefault};
  std::string logo;    // a file; empty: the page's own
  std::string colour;  // #rrggbb; empty: the page's own
  std::string footer;
};

inline constexpr std::size_t kLogoBytesMax = 256 * 1024;

// The embedded page with it. kInvalidArgument with a sentence for a logo that cannot be read, is too large, or is no
// SVG, PNG, JPEG or WebP by its content. Any thread.
Result<std::unique_ptr<Pages>> open_pages(const PageOptions& options);

// Empty, or what is wrong with it, for the command line.
std::string page_colour_problem(const std::string& text);
std::string page_name_problem(const std::string& text);
std::string page_footer_problem(const std::string& text);

}  // namespace disposable
