// Goal: the documentation page is whole, and asks nothing of any other host.

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "web/assets.h"

namespace disposable {

namespace {

std::string_view file(std::string_view name) {
  for (const EmbeddedFile& candidate : docs_files()) {
    if (candidate.name == name) {
      return as_text(candidate.bytes);
    }
  }
  return {};
}

}  // namespace

TEST_CASE("docs page: every file it names is embedded, and nothing stands inline") {
  const std::string_view page = file("");
  REQUIRE(page.starts_with("<!doctype html>"));
  int named = 0;
  for (const std::string_view mark : {"src=\"docs/", "href=\"docs/"}) {
    for (std::size_t at = page.find(mark); at != std::string_view::npos; at = page.find(mark, at + 1)) {
      const std::size_t begin = at + mark.size();
      const std::string_view name = page.substr(begin, page.find('"', begin) - begin);
      CAPTURE(std::string(name));
      CHECK(!file(name).empty());
      ++named;
    }
  }
  CHECK(named == static_cast<int>(docs_files().size()) - 1);
  CHECK(page.find("://") == std::string_view::npos);
  CHECK(page.find("<style") == std::string_view::npos);
  CHECK(page.find("style=") == std::string_view::npos);
  CHECK(page.find("<script>") == std::string_view::npos);
}

TEST_CASE("docs page: the embedded files are those of Swagger UI, to their last byte") {
  CHECK(file("swagger-ui-bundle.js").find("SwaggerUIBundle") != std::string_view::npos);
  CHECK(file("swagger-ui-bundle.js").size() > 1'000'000);
  CHECK(file("swagger-ui.css").find(".swagger-ui") != std::string_view::npos);
  CHECK(file("docs.js").ends_with("});\n"));
  CHECK(file("docs.css").ends_with("}\n"));
}

}  // namespace disposable
