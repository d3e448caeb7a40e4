// Goal: the page is served whole and under a strict policy, what an operator puts into it stays text, and who asks for
// JSON gets JSON.

#include "http/pages.h"

#include <doctest/doctest.h>

#include <memory>

#include "api_fixture.h"
#include "web/assets.h"

namespace disposable {

namespace {

std::unique_ptr<Pages> embedded_pages(PageBrand brand = {}) {
  std::vector<PageFile> files;
  for (const EmbeddedPageFile& file : page_files()) {
    files.push_back({file.name, file.served, file.content_type, file.bytes, file.gzip});
  }
  return std::make_unique<Pages>(page_html(), std::move(files), std::move(brand));
}

std::string text_of(const Response& response) { return std::string(as_text(response.content())); }

struct PageFixture {
  VaultFixture vault;
  std::unique_ptr<Pages> pages = embedded_pages();
  Api api{Api::Parts{.vault = vault.vault, .readiness = [] { return Readiness{}; }, .pages = pages.get()}};

  Response get(std::string_view path, std::vector<HeaderField> headers = {}) const {
    Request request{};
    request.method = "GET";
    request.path = path;
    request.headers = std::move(headers);
    return api.handle(request);
  }
};

}  // namespace

TEST_CASE("pages: all four paths give the same page, under a policy that allows nothing inline or from elsewhere") {
  const PageFixture fixture;
  const std::string page = text_of(fixture.pages->page());
  REQUIRE(page.starts_with("<!doctype html>"));
  for (const std::string_view path : {"/s", "/r", "/q"}) {
    const Response response = fixture.get(path);
    CHECK(response.status == 200);
    CHECK(text_of(response) == page);
    const std::string headers(response.fixed_headers);
    for (const std::string_view line :
         {"Content-Security-Policy: default-src 'none'; ", "require-trusted-types-for 'script'; trusted-types 'none'",
          "frame-ancestors 'none'", "Cache-Control: no-store\r\n", "Referrer-Policy: no-referrer\r\n",
          "X-Content-Type-Options: nosniff\r\n"}) {
      CAPTURE(std::string(line));
      CHECK(headers.find(line) != std::string::npos);
    }
    CHECK(headers.find("unsafe") == std::string::npos);
  }
  for (const std::string_view forbidden : {"{{", "://", "<style", "style=", "<script>", " on"}) {
    CAPTURE(std::string(forbidden));
    CHECK(page.substr(0, page.find("<noscript>")).find(forbidden) == std::string::npos);
  }
}

TEST_CASE("pages: every file that the page names is served, and may be kept for ever") {
  const PageFixture fixture;
  const std::string page = text_of(fixture.pages->page());
  int named = 0;
  constexpr std::string_view kMark = "\"page/";
  for (std::size_t at = page.find(kMark); at != std::string::npos; at = page.find(kMark, at + 1)) {
    const std::string path = "/" + page.substr(at + 1, page.find('"', at + 1) - at - 1);
    CAPTURE(path);
    const Response file = fixture.get(path);
    CHECK(file.status == 200);
    CHECK(std::string(file.fixed_headers).starts_with("Cache-Control: public, max-age=31536000, immutable\r\n"));
    ++named;
  }
  CHECK(named == 4);
  CHECK(fixture.get("/page/page.js").status == 404);
  CHECK(fixture.get("/page/site.css").status == 200);
  CHECK(fixture.get("/page/logo").status == 404);
}

TEST_CASE("pages: a file is compressed for who takes it so, and for nobody else") {
  const PageFixture fixture;
  for (const EmbeddedPageFile& file : page_files()) {
    const std::string path = "/page/" + std::string(file.served);
    CAPTURE(path);
    CHECK(as_text(fixture.get(path).content()) == as_text(file.bytes));
    CHECK(as_text(fixture.get(path, {{"Accept-Encoding", "br, gzip;q=0"}}).content()) == as_text(file.bytes));
    const Response compressed = fixture.get(path, {{"Accept-Encoding", "br, gzip"}});
    CHECK(std::string(compressed.fixed_headers).find("Vary: Accept-Encoding\r\n") != std::string::npos);
    if (file.gzip.empty()) {
      CHECK(compressed.headers.empty());
      continue;
    }
    CHECK(as_text(compressed.content()).starts_with("\x1f\x8b"));
    CHECK(compressed.content().size() < file.bytes.size());
    REQUIRE(compressed.headers.size() == 1);
    CHECK(compressed.headers.front().value == "gzip");
  }
}

TEST_CASE("pages: / is the page for browsers, and a greeting in JSON for programs") {
  const PageFixture fixture;
  const std::pair<const char*, bool> accepted[] = {
      {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true},
      {"application/json, Text/HTML ; q=0.5", true},
      {"*/*", false},
      {"application/json", false},
      {"text/html;q=0, application/json", false},
      {"text/htmlx", false},
      {"", false}};
  for (const auto& [accept, browser] : accepted) {
    CAPTURE(accept);
    const Response response = fixture.get("/", {{"Accept", accept}});
    CHECK(response.content_type == (browser ? "text/html; charset=utf-8" : "application/json"));
    REQUIRE(response.headers.size() == 1);
    CHECK(response.headers.front().name == "Vary");
  }
  CHECK(text_of(fixture.get("/")) == R"({"message":"Welcome to Disposable Secrets"})");
}

TEST_CASE("pages: what an operator says is text in the page, whatever it looks like") {
  PageBrand brand;
  brand.name = "<script>alert('1')</script> & \"{{footer}}\"";
  brand.footer = "</footer><b>{{name}}";
  const std::string page = text_of(embedded_pages(brand)->page());
  CHECK(page.find("<script>") == std::string::npos);
  CHECK(page.find("<b>") == std::string::npos);
  CHECK(page.find("content=\"&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;{{footer}}&quot;\"") !=
        std::string::npos);
  CHECK(page.find("<footer>&lt;/footer&gt;&lt;b&gt;{{name}}</footer>") != std::string::npos);
}

TEST_CASE("pages: an operator's colour and logo are files of the page, and the logo cannot run as a page") {
  PageBrand brand;
  brand.colour = "#ffd200";
  brand.logo = "<svg/>";
  brand.logo_type = "image/svg+xml";
  const auto pages = embedded_pages(brand);
  CHECK(text_of(pages->page()).find("page/site.css") != std::string::npos);
  CHECK(text_of(pages->page()).find("<img src=\"page/logo\" alt=\"\">") != std::string::npos);
  CHECK(text_of(pages->file("site.css", true)) == ":root{--accent:#ffd200;--on-accent:#000000}\n");
  const Response logo = pages->file("logo", true);
  CHECK(logo.content_type == "image/svg+xml");
  CHECK(std::string(logo.fixed_headers).find("sandbox\r\n") != std::string::npos);
}

TEST_CASE("pages: text on an accent colour is black or white, whichever is easier to read") {
  const std::pair<const char*, const char*> colours[] = {{"#000000", "#ffffff"}, {"#ffffff", "#000000"},
                                                         {"#2f56c8", "#ffffff"}, {"#ffd200", "#000000"},
                                                         {"#757575", "#ffffff"}, {"#777777", "#000000"}};
  for (const auto& [colour, readable] : colours) {
    CAPTURE(colour);
    CHECK(readable_on(colour) == readable);
  }
  for (const std::string_view bad : {"", "#fff", "2f56c8", "#2f56c8;", "#2f56cg", "red"}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(is_colour(bad));
  }
}

}  // namespace disposable
