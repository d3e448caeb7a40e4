// Goal: a link and a server's URL are read strictly, and no message repeats what is secret in them.

#include <doctest/doctest.h>

#include "client/link.h"

namespace disposable {

namespace {

constexpr std::string_view kFragment =
    "d1525eb2-d21a-4958-9b60-9cd1fe5f2434.0VJestIaqVhbYJzR_l8kNGIgLVzMIyF20vWUSjvfI6Q";

std::string with_base(std::string_view base) { return std::string(base) + "/s#" + std::string(kFragment); }

}  // namespace

TEST_CASE("server url: what names a server") {
  struct Row {
    std::string_view text;
    std::string_view base;  // empty: refused
  };
  constexpr Row kRows[] = {
      {"https://secrets.example", "https://secrets.example"},
      {"https://secrets.example/", "https://secrets.example"},
      {"HTTPS://Secrets.Example:443", "https://secrets.example"},
      {"https://secrets.example:8443", "https://secrets.example:8443"},
      {"https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"},
      {"http://127.0.0.1:8000", "http://127.0.0.1:8000"},
      {"http://127.9.9.9", "http://127.9.9.9"},
      {"http://[::1]:8000", "http://[::1]:8000"},
      {"http://localhost:80", "http://localhost"},
      {"http://x.localhost", "http://x.localhost"},
      {"http://secrets.example", ""},
      {"http://localhost.example", ""},
      {"http://192.0.2.1", ""},
      {"http://[::ffff:127.0.0.1]", ""},
      {"secrets.example", ""},
      {"ftp://secrets.example", ""},
      {"https://", ""},
      {"https://user@secrets.example", ""},
      {"https://secrets.example/path", "https://secrets.example/path"},
      {"https://Secrets.Example:443/Tools/one%20time/", "https://secrets.example/Tools/one%20time"},
      {"http://[::1]:8000/~a/b.c;d=1,e", "http://[::1]:8000/~a/b.c;d=1,e"},
      {"https://secrets.example//", ""},
      {"https://secrets.example//path", ""},
      {"https://secrets.example/path//", ""},
      {"https://secrets.example/..", ""},
      {"https://secrets.example/a/./b", ""},
      {"https://secrets.example/%2E%2e/b", ""},
      {"https://secrets.example/path?q", ""},
      {"https://secrets.example/path#f", ""},
      {"https://secrets.example/a b", ""},
      {"https://secrets.example/a\r\nb", ""},
      {"https://secrets.example/a\\b", ""},
      {"https://secrets.example/\xC5\xBC", ""},
      {"https://secrets.example?q", ""},
      {"https://secrets.example:0", ""},
      {"https://secrets.example:65536", ""},
      {"https://secrets.example:", ""},
      {"https://[2001:db8::1", ""},
      {"https://[secrets.example]", ""},
      {"https://a..b", ""},
      {"https://-a", ""},
      {"https://a b", ""},
      {"https://a\r\nb", ""},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.text);
    const Result<ServerUrl> url = parse_server_url(row.text);
    CHECK((url ? url->base() : std::string()) == row.base);
  }
}

TEST_CASE("link: white space around it does not matter, anything else does") {
  CHECK(parse_link("  " + with_base("https://secrets.example") + "\r\n"));
  for (const std::string& text :
       {std::string(), std::string("#"), std::string(kFragment), "https://secrets.example/s" + std::string(kFragment),
        "https://secrets.example/x#" + std::string(kFragment), with_base("https://secrets.example") + ".",
        "https://secrets.example/s/#" + std::string(kFragment), "https://secrets.example?/s#" + std::string(kFragment),
        with_base("https://secrets.example/.."), with_base("http://secrets.example")}) {
    CAPTURE(text);
    CHECK_FALSE(parse_link(text));
  }
}

TEST_CASE("link: what the page opens below a path and with a query opens here, and is written as there") {
  struct Row {
    std::string_view before;  // the fragment
    std::string_view written;
  };
  constexpr Row kRows[] = {
      {"https://secrets.example/s?lang=de#", "https://secrets.example/s#"},
      {"https://secrets.example/s?from=a/s?b&c=%23#", "https://secrets.example/s#"},
      {"https://secrets.example/tools/s#", "https://secrets.example/tools/s#"},
      {"https://secrets.example:8443/a/s/s?lang=pl#", "https://secrets.example:8443/a/s/s#"},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.before);
    const Result<Link> link = parse_link(std::string(row.before) + std::string(kFragment));
    REQUIRE(link);
    const SecretBytes written = std::get<SecretLink>(*link).format();
    CHECK(as_text(written.expose()) == std::string(row.written) + std::string(kFragment));
  }
}

TEST_CASE("link: no message repeats a part of it") {
  for (const std::string& text : {with_base("http://secrets.example"), with_base("nonsense"),
                                  "https://secrets.example/q#" + std::string(kFragment)}) {
    const Result<Link> link = parse_link(text);
    REQUIRE_FALSE(link);
    CHECK(link.error().detail.find("d1525eb2") == std::string::npos);
    CHECK(link.error().detail.find("0VJestI") == std::string::npos);
  }
}

}  // namespace disposable
