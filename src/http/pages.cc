#include "http/pages.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "http/api.h"
#include "http/response.h"

namespace disposable {

namespace {

// Nothing inline, nothing from elsewhere, no HTML from a script; no-store also keeps an opened secret out of what a
// browser keeps for its back button.
constexpr std::string_view kPageHeaders =
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n";

#define DISPOSABLE_FILE_HEADERS                                                         \
  "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; sandbox\r\n" \
  "Cross-Origin-Resource-Policy: same-origin\r\n"                                       \
  "Referrer-Policy: no-referrer\r\n"                                                    \
  "Vary: Accept-Encoding\r\n"                                                           \
  "X-Content-Type-Options: nosniff\r\n"
// An image of the operator's may be SVG with a script in it: whoever opens it by itself gets a sandbox.
constexpr std::string_view kFileHeaders =
    "Cache-Control: public, max-age=31536000, immutable\r\n" DISPOSABLE_FILE_HEADERS;
// The operator's own may change at the next start.
constexpr std::string_view kBrandHeaders = "Cache-Control: public, max-age=300\r\n" DISPOSABLE_FILE_HEADERS;
#undef DISPOSABLE_FILE_HEADERS

constexpr std::string_view kLogo = "logo";
constexpr std::string_view kSiteCss = "site.css";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// What is put in is not looked at again, whatever marks it may hold.
std::string filled(std::string_view html, const std::vector<std::pair<std::string_view, std::string>>& values) {
  std::string out;
  for (;;) {
    const std::size_t open = html.find("{{");
    const std::size_t close = open == std::string_view::npos ? open : html.find("}}", open);
    if (close == std::string_view::npos) {
      return out.append(html);
    }
    const std::string_view mark = html.substr(open + 2, close - open - 2);
    out.append(html.substr(0, open));
    for (const auto& [name, value] : values) {
      out.append(name == mark ? value : std::string{});
    }
    html.remove_prefix(close + 2);
  }
}

std::string site_css(const PageBrand& brand) {
  if (brand.colour.empty()) {
    return "/* The operator has chosen no colour. */\n";
  }
  return ":root{--accent:" + brand.colour + ";--on-accent:" + std::string(readable_on(brand.colour)) + "}\n";
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view{}
                                         : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

Response file_response(std::string_view content_type, std::string_view headers, ByteView bytes) {
  Response response;
  response.status = 200;
  response.content_type = content_type;
  response.fixed_headers = headers;
  response.constant_body = bytes;
  return response;
}

}  // namespace

bool lists(std::optional<std::string_view> header, std::string_view value) {
  std::string_view rest = header.value_or("");
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    const std::string_view name = trimmed(item.substr(0, item.find(';')));
    if (equal_ignoring_case(name, value)) {
      const std::size_t weight = item.find("q=");
      // Nothing but digits 0 and the point: the weight is 0.
      return weight == std::string_view::npos ||
             trimmed(item.substr(weight + 2)).find_first_not_of("0.") != std::string_view::npos;
    }
  }
  return false;
}

bool is_colour(std::string_view text) {
  return text.size() == 7 && text.front() == '#' &&
         text.substr(1).find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// WCAG 2.2, relative luminance: both contrasts are equal where (1.05) / (l + 0.05) = (l + 0.05) / 0.05.
std::string_view readable_on(std::string_view colour) {
  constexpr double kWeights[] = {0.2126, 0.7152, 0.0722};
  double luminance = 0;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    int value = 0;
    const char* digits = colour.data() + 1 + 2 * channel;
    std::from_chars(digits, digits + 2, value, 16);
    const double share = value / 255.0;
    luminance += kWeights[channel] * (share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4));
  }
  return (luminance + 0.05) * (luminance + 0.05) > 1.05 * 0.05 ? "#000000" : "#ffffff";
}

Pages::Pages(std::string_view html, std::vector<PageFile> files, PageBrand brand)
    : files_(std::move(files)),
      brand_(std::move(brand)),
      site_css_(site_css(brand_)),
      html_(filled(html,
                   {{"name", escaped(brand_.name)},
                    {"footer", escaped(brand_.footer)},
                    {"style", brand_.colour.empty() ? "" : "\n<link rel=\"stylesheet\" href=\"page/site.css\">"},
                    {"logo", "<img src=\"page/" + std::string(brand_.logo.empty() ? served_name("icon.svg") : kLogo) +
                                 "\" alt=\"\">"}})) {}

std::string_view Pages::served_name(std::string_view name) const {
  const auto found = std::find_if(files_.begin(), files_.end(), [name](const PageFile& f) { return f.name == name; });
  return found == files_.end() ? std::string_view{} : found->served;
}

Response Pages::page() const { return file_response("text/html; charset=utf-8", kPageHeaders, as_bytes(html_)); }

Response Pages::file(std::string_view served, bool gzip) const {
  if (served == kLogo && !brand_.logo.empty()) {
    return file_response(brand_.logo_type, kBrandHeaders, as_bytes(brand_.logo));
  }
  if (served == kSiteCss) {
    return file_response("text/css; charset=utf-8", kBrandHeaders, as_bytes(site_css_));
  }
  for (const PageFile& file : files_) {
    if (file.served == served) {
      const bool compressed = gzip && !file.gzip.empty();
      Response response = file_response(file.content_type, kFileHeaders, compressed ? file.gzip : file.bytes);
      if (compressed) {
        response.headers.push_back({"Content-Encoding", "gzip"});
      }
      return response;
    }
  }
  return error_response(404);
}

// A browser names text/html; what takes anything is a program, and gets JSON.
Response Api::welcome(const Request& request, std::string_view /*parameter*/) const {
  const bool browser = parts_.pages != nullptr && lists(request.header("Accept"), "text/html");
  Response response =
      browser ? parts_.pages->page() : json_response(200, R"({"message":"Welcome to Disposable Secrets"})");
  if (parts_.pages != nullptr) {
    response.headers.push_back({"Vary", "Accept"});
  }
  return response;
}

Response Api::page(const Request& /*request*/, std::string_view /*parameter*/) const {
  return parts_.pages == nullptr ? error_response(404) : parts_.pages->page();
}

Response Api::page_file(const Request& request, std::string_view name) const {
  return parts_.pages == nullptr ? error_response(404)
                                 : parts_.pages->file(name, lists(request.header("Accept-Encoding"), "gzip"));
}

}  // namespace disposable
