// Goal: what an operator writes on the page can be written into HTML, JSON and headers.

#include "app/page_brand.h"

#include <doctest/doctest.h>

namespace disposable {

TEST_CASE("page brand: a name or footer that is no line of UTF-8 is refused with the reason") {
  struct Row {
    std::string text;
    std::string problem;
  };
  const std::vector<Row> rows = {
      {"R&D <Vault>", ""},
      {"Gl\xc3\xbc\x63k \xf0\x9f\x94\x91", ""},
      {"\xff", "not UTF-8"},
      {"cut off \xc3", "not UTF-8"},
      {"\xc0\xaf", "not UTF-8"},
      {std::string("a\0b", 3), "has control characters"},
      {"two\nlines", "has control characters"},
      {"\x1b[2J", "has control characters"},
      {"\x7f", "has control characters"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(page_name_problem(row.text) == row.problem);
    CHECK(page_footer_problem(row.text) == row.problem);
  }
  CHECK(page_name_problem("") == "empty");
  CHECK(page_footer_problem("").empty());
  CHECK(page_name_problem(std::string(81, 'x')) == "longer than 80 bytes");
  CHECK(page_footer_problem(std::string(1001, 'x')) == "longer than 1000 bytes");
}

}  // namespace disposable
