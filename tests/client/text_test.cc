// Goal: what others chose, text or a file's name, steers neither the terminal nor the file system.

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "client/file_name.h"
#include "client/terminal_text.h"

namespace disposable {

TEST_CASE("terminal text: what could steer is shown") {
  struct Row {
    std::string_view text;
    std::string_view shown;
  };
  using std::string_view_literals::operator""sv;
  const Row rows[] = {
      {"plain, Zażółć, 密码, 🔑", "plain, Zażółć, 密码, 🔑"},
      {"two\nlines\tand a tab", "two\nlines\tand a tab"},
      {"\x1b]0;title\x07", "\\x1b]0;title\\x07"},
      {"\x1b[2J", "\\x1b[2J"},
      {"over\rwritten", "over\\x0dwritten"},
      {"a\0b"sv, "a\\x00b"},
      {"\x7f", "\\x7f"},
      {"\xc2\x9b"
       "31m",
       "\\u{9b}31m"},
      {"\xe2\x80\xae"
       "txt.exe",
       "\\u{202e}txt.exe"},
      {"zero\xe2\x80\x8bwidth", "zero\\u{200b}width"},
      {"\xf3\xa0\x81\x81", "\\u{e0041}"},
      {"\xff\xfe", "\\xff\\xfe"},
      {"cut \xe2\x82", "cut \\xe2\\x82"},
      {"\xc0\x80 \xed\xa0\x80", "\\xc0\\x80 \\xed\\xa0\\x80"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.shown);
    CHECK(as_text(harmless_text(as_bytes(row.text)).expose()) == row.shown);
  }
  CHECK(harmless_name("a\nb\tc") == "a\\x0ab\\x09c");
}

TEST_CASE("utf-8: neither overlong forms nor surrogates nor more than U+10FFFF") {
  for (const std::string_view good : {"", "a", "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CHECK(is_utf8(good));
  }
  for (const std::string_view bad : {"\x80", "\xc0\xaf", "\xc1\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                                     "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe2\x82", "a\xff"}) {
    CHECK_FALSE(is_utf8(bad));
  }
}

TEST_CASE("file name: has no folder, no control characters and no surprise at its begin, and is that of the page") {
  const auto rows = nlohmann::json::parse(std::ifstream(DISPOSABLE_FILE_NAMES));
  REQUIRE(rows.size() > 30);
  for (const auto& row : rows) {
    CAPTURE(row.dump());
    CHECK(safe_file_name(row.at(0).get<std::string>()) == row.at(1).get<std::string>());
  }
}

TEST_CASE("file name: bytes that are no UTF-8 are replaced, too") {
  CHECK(safe_file_name("bad\xff"
                       "byte\xe2\x82") == "bad_byte__");
}

TEST_CASE("file name: the second of its name has a number before its ending") {
  CHECK(numbered_file_name("photo.jpg", 2) == "photo (2).jpg");
  CHECK(numbered_file_name("archive.tar.gz", 3) == "archive.tar (3).gz");
  CHECK(numbered_file_name("README", 2) == "README (2)");
}

}  // namespace disposable
