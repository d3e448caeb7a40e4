#include "app/page_brand.h"

#include <algorithm>
#include <fstream>

#include "base/utf8.h"
#include "web/assets.h"

namespace disposable {

namespace {

constexpr std::size_t kNameBytesMax = 80;
constexpr std::size_t kFooterBytesMax = 1000;

// By what it begins with, whatever its name says; empty: none that a page should show.
std::string_view image_type(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv)) {
    return "image/png";
  }
  if (bytes.starts_with("\xff\xd8\xff"sv)) {
    return "image/jpeg";
  }
  if (bytes.starts_with("RIFF"sv) && bytes.substr(0, 12).ends_with("WEBP"sv)) {
    return "image/webp";
  }
  const std::string_view head = bytes.substr(0, 1024);
  const bool markup = head.starts_with('<') || head.starts_with("\xef\xbb\xbf<"sv);
  return markup && head.find("<svg") != std::string_view::npos ? "image/svg+xml" : std::string_view{};
}

Error unusable(const std::string& file, const char* why) {
  return {Errc::kInvalidArgument, "--page-logo " + file + " " + why};
}

// It goes into HTML, JSON and the browsers' title bars.
std::string line_problem(const std::string& text, std::size_t bytes_max) {
  constexpr char kDelete = 0x7F;
  if (text.size() > bytes_max) {
    return "longer than " + std::to_string(bytes_max) + " bytes";
  }
  if (!is_utf8(text)) {
    return "not UTF-8";
  }
  const bool control =
      std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == kDelete; });
  return control ? "has control characters" : std::string{};
}

Result<PageBrand> read_page_brand(const PageOptions& options) {
  PageBrand brand;
  brand.name = options.name;
  brand.footer = options.footer;
  brand.colour = options.colour;
  if (options.logo.empty()) {
    return brand;
  }
  std::ifstream file(options.logo, std::ios::binary);
  brand.logo.resize(kLogoBytesMax + 1);
  file.read(brand.logo.data(), static_cast<std::streamsize>(brand.logo.size()));
  if (!file.is_open() || file.bad() || file.gcount() == 0) {
    return fail(unusable(options.logo, "cannot be read, or is empty"));
  }
  brand.logo.resize(static_cast<std::size_t>(file.gcount()));
  if (brand.logo.size() > kLogoBytesMax) {
    return fail(unusable(options.logo, "is larger than 256 KiB"));
  }
  brand.logo_type = image_type(brand.logo);
  if (brand.logo_type.empty()) {
    return fail(unusable(options.logo, "is no SVG, PNG, JPEG or WebP"));
  }
  return brand;
}

}  // namespace

Result<std::unique_ptr<Pages>> open_pages(const PageOptions& options) {
  Result<PageBrand> brand = read_page_brand(options);
  if (!brand) {
    return fail(brand.error());
  }
  std::vector<PageFile> files;
  for (const EmbeddedPageFile& file : page_files()) {
    files.push_back({file.name, file.served, file.content_type, file.bytes, file.gzip});
  }
  return std::make_unique<Pages>(page_html(), std::move(files), std::move(*brand));
}

std::string page_colour_problem(const std::string& text) {
  return is_colour(text) ? std::string{} : text + ": not a colour like #2f56c8";
}

std::string page_name_problem(const std::string& text) {
  return text.empty() ? "empty" : line_problem(text, kNameBytesMax);
}

std::string page_footer_problem(const std::string& text) { return line_problem(text, kFooterBytesMax); }

}  // namespace disposable
