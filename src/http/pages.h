// Pages: the web page (/, /s, /r and /q) and its files as they are served, with the operator's name, colour, logo and
// footer put in. They never touch the vault, and everything in them is public.
//
// Immutable and thread-safe. Must outlive every response that it made, which borrow from it; borrows the files.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace disposable {

// A file of the documentation page, embedded into the executable.
struct Asset {
  std::string_view name;  // /docs/<name>; empty: the page itself at /docs
  std::string_view content_type;
  ByteView bytes;
};

inline constexpr std::string_view kServiceNameDefault = "Disposable Secrets";

// What an operator may change. All of it is text of any kind, which is escaped here.
struct PageBrand {
  std::string name{kServiceNameDefault};
  std::string footer{};          // empty: none
  std::string colour{};          // #rrggbb; empty: the page's own
  std::string logo{};            // the bytes of an image; empty: the page's own
  std::string_view logo_type{};  // its content type, a constant
};

// A file of the page, embedded into the executable.
struct PageFile {
  std::string_view name;          // what the page is built from: page.js
  std::string_view served;        // /page/<served>; holds a hash of the file, so it may be cached for ever
  std::string_view content_type;  // a constant
  ByteView bytes;
  ByteView gzip;  // the same, compressed; empty: not worth it
};

class Pages {
 public:
  // `html` has the marks {{name}}, {{logo}}, {{style}} and {{footer}}.
  Pages(std::string_view html, std::vector<PageFile> files, PageBrand brand);

  // The same page for all four paths: its script looks where it is.
  Response page() const;
  std::string_view name() const { return brand_.name; }
  // 404 when there is none of that name. `gzip`: whether the client takes it compressed (RFC 9110, 12.5.3).
  Response file(std::string_view served, bool gzip) const;

 private:
  std::string_view served_name(std::string_view name) const;

  const std::vector<PageFile> files_;
  const PageBrand brand_;
  const std::string site_css_;
  const std::string html_;
};

// Whether a list like that of Accept or Accept-Encoding has `value` by its own name, and not with a weight of 0.
bool lists(std::optional<std::string_view> header, std::string_view value);

// Black or white, whichever is easier to read on `colour` (#rrggbb): at least 4.5:1 by WCAG 2.2, 1.4.3.
std::string_view readable_on(std::string_view colour);

// Whether `text` is #rrggbb.
bool is_colour(std::string_view text);

}  // namespace disposable
