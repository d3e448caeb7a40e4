// Goal: heads that two readers could understand differently are refused; ordinary ones are read right. Method: tables.

#include "http/http_head.h"

#include <doctest/doctest.h>

namespace disposable {

namespace {

// "ok", or the status of the refusal.
std::string verdict(const std::string& head) {
  const auto parsed = parse_head(head, Limits{});
  return parsed ? "ok" : std::to_string(parsed.error().status);
}

// A request with one more header line.
std::string with(std::string_view line) { return "POST / HTTP/1.1\r\nHost: x\r\n" + std::string(line) + "\r\n\r\n"; }

}  // namespace

TEST_CASE("head: the end is found, and a line that does not end with CR LF is malformed at once") {
  using State = HeadScanner::State;
  const struct {
    std::string_view bytes;
    State state;
    std::size_t size;
  } rows[] = {
      {"", State::kIncomplete, 0},
      {"GET / HTTP/1.1\r\n", State::kIncomplete, 0},
      {"GET / HTTP/1.1\r\nA: b\r\n\r", State::kIncomplete, 0},
      {"GET / HTTP/1.1\r\n\r\n", State::kComplete, 18},
      {"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\n", State::kComplete, 18},
      {"\r\n", State::kComplete, 2},
      {"GET / HTTP/1.1\n", State::kMalformed, 0},
      {"\n", State::kMalformed, 0},
      {"GET / HTTP/1.1\r\nA: b\n\r\n", State::kMalformed, 0},
      {"GET / HTTP/1.1\r\nA: b\rc", State::kMalformed, 0},
      {"GET / HTTP/1.1\r\r\n", State::kMalformed, 0},
      {std::string_view("GET /\0", 6), State::kMalformed, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.bytes));
    HeadScanner whole;
    CHECK(whole.scan(row.bytes) == row.state);
    HeadScanner piecewise;
    State state = State::kIncomplete;
    for (std::size_t size = 1; size <= row.bytes.size() && state == State::kIncomplete; ++size) {
      state = piecewise.scan(row.bytes.substr(0, size));
    }
    CHECK(state == row.state);
    if (row.state == State::kComplete) {
      CHECK(whole.size() == row.size);
      CHECK(piecewise.size() == row.size);
    }
  }
}

TEST_CASE("head: request lines") {
  const struct {
    std::string line;
    std::string expected;
  } rows[] = {
      {"GET / HTTP/1.1", "ok"},
      {"GET /a?b=c HTTP/1.1", "ok"},
      {"BREW / HTTP/1.1", "ok"},
      {"OPTIONS * HTTP/1.1", "ok"},
      {"GET http://x/a HTTP/1.1", "ok"},
      {"GET HTTPS://x HTTP/1.1", "ok"},
      {"GET http://[::1]:80/ HTTP/1.1", "ok"},
      {"GET http:///a HTTP/1.1", "400"},
      {"GET http:// HTTP/1.1", "400"},
      {"GET http://:80/a HTTP/1.1", "400"},
      {"GET http://u@x/a HTTP/1.1", "400"},
      {"GET http://x\\@y/a HTTP/1.1", "400"},
      {"", "400"},
      {"GET", "400"},
      {"GET /", "400"},
      {"GET / ", "400"},
      {" GET / HTTP/1.1", "400"},
      {"GET  / HTTP/1.1", "400"},
      {"GET /  HTTP/1.1", "400"},
      {"GET / HTTP/1.1 ", "400"},
      {"GET\t/ HTTP/1.1", "400"},
      {"GET / a HTTP/1.1", "400"},
      {"G(T / HTTP/1.1", "400"},
      {"GET a HTTP/1.1", "400"},
      {"GET ?a HTTP/1.1", "400"},
      {"GET /#fragment HTTP/1.1", "400"},
      {"GET /\x7f HTTP/1.1", "400"},
      {"GET /\xC3\xBC HTTP/1.1", "400"},
      {"CONNECT x:443 HTTP/1.1", "400"},
      {"GET ftp://x/ HTTP/1.1", "400"},
      {"GET / http/1.1", "400"},
      {"GET / HTTP", "400"},
      {"GET / HTTP/1.2", "505"},
      {"GET / HTTP/1.10", "505"},
      {"GET / HTTP/2.0", "505"},
      {"PRI * HTTP/2.0", "505"},
      {"GET /" + std::string(Limits{}.target_bytes_max - 1, 'a') + " HTTP/1.1", "ok"},
      {"GET /" + std::string(Limits{}.target_bytes_max, 'a') + " HTTP/1.1", "414"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    CHECK(verdict(row.line + "\r\nHost: x\r\n\r\n") == row.expected);
  }
}

TEST_CASE("head: header lines") {
  const struct {
    std::string line;
    std::string expected;
  } rows[] = {
      {"A: b", "ok"},
      {"A:b", "ok"},
      {"A:", "ok"},
      {"A: \t b \t ", "ok"},
      {"A: \xC3\xBC", "ok"},
      {"A: %0d%0aB: c", "ok"},
      {"A", "400"},
      {": b", "400"},
      {"A : b", "400"},
      {" A: b", "400"},
      {"A: b\r\n c", "400"},
      {"A: b\r\n\tc: d", "400"},
      {"A B: c", "400"},
      {"A: \x01", "400"},
      {"A: \x7f", "400"},
      {"\xC3\xBC: b", "400"},
      {"Host: y", "400"},
      {"hOsT: x", "400"},
      {"Content-Length: 5", "ok"},
      {"Content-Length: 005", "ok"},
      {"Content-Length: 18446744073709551615", "ok"},
      {"Content-Length: 18446744073709551616", "400"},
      {"Content-Length:", "400"},
      {"Content-Length: +5", "400"},
      {"Content-Length: -5", "400"},
      {"Content-Length: 5, 5", "400"},
      {"Content-Length: 5 5", "400"},
      {"Content-Length: 0x5", "400"},
      {"Content-Length: 5.0", "400"},
      {"Content-Length: 5\r\nContent-Length: 5", "400"},
      {"Content-Length: 5\r\ncontent-length: 6", "400"},
      {"Transfer-Encoding: chunked", "411"},
      {"Transfer-Encoding: identity", "411"},
      {"transfer-encoding: xchunked", "411"},
      {"Transfer-Encoding:", "411"},
      {"Transfer-Encoding: chunked\r\nContent-Length: 5", "400"},
      {"Content-Length: 0\r\nTransfer-Encoding: chunked", "400"},
      {"Expect: 100-continue", "ok"},
      {"Expect: 100-Continue", "ok"},
      {"Expect: 200-ok", "417"},
      {"Range: bytes=,,,", "ok"},
      {"Accept: ;;;", "ok"},
      {"Upgrade: websocket\r\nConnection: Upgrade", "ok"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    CHECK(verdict(with(row.line)) == row.expected);
  }
}

TEST_CASE("head: Host is there once, in HTTP/1.1") {
  CHECK(verdict("GET / HTTP/1.1\r\n\r\n") == "400");
  CHECK(verdict("GET / HTTP/1.0\r\n\r\n") == "ok");
  CHECK(verdict("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == "400");
  CHECK(verdict("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == "400");
  for (const std::string host : {"example.org:8000", "x:", "[::1]:80", "[::1]", ""}) {
    CHECK(verdict("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n") == "ok");
  }
  for (const std::string host :
       {"a b", "a/b", "a@b", "<x>", "a\"b", "\xC3\xBC", "a:b", "a:80:80", "a:+80", "[::1", "[::1]a", "a[b]", "::1"}) {
    CHECK(verdict("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n") == "400");
  }
}

TEST_CASE("head: there may be so many fields and no more") {
  std::string lines;
  for (std::size_t i = 0; i + 1 < Limits{}.header_fields_max; ++i) {
    lines += "A: b\r\n";
  }
  CHECK(verdict("GET / HTTP/1.1\r\nHost: x\r\n" + lines + "\r\n") == "ok");
  CHECK(verdict("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n" + lines + "\r\n") == "431");
}

TEST_CASE("head: what is read is what was sent") {
  const std::string text =
      "POST /api/v1/secret?x=/y HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\nX-Thing:  a b \r\nExpect: "
      "100-continue\r\n\r\n";
  const auto head = parse_head(text, Limits{});
  REQUIRE(head.has_value());
  CHECK(head->request.method == "POST");
  CHECK(head->request.path == "/api/v1/secret");
  CHECK(head->request.header("x-THING") == "a b");
  CHECK(!head->request.header("X-Thin").has_value());
  CHECK(head->content_length == 12);
  CHECK(head->expects_continue);
  CHECK(head->keep_alive);
}

TEST_CASE("head: the path is taken from every form of target, undecoded and without its query") {
  const struct {
    std::string target;
    std::string_view path;
  } rows[] = {
      {"/", "/"},           {"/a%2Fb", "/a%2Fb"}, {"/?", "/"}, {"/a?b?c", "/a"},   {"http://x/a?b", "/a"},
      {"http://x", "/"},    {"HTTP://x/", "/"},   {"*", "*"},  {"//x/a", "//x/a"}, {"/http://x", "/http://x"},
      {"http://x?/a", "/"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.target);
    const std::string text = "GET " + row.target + " HTTP/1.1\r\nHost: x\r\n\r\n";
    const auto head = parse_head(text, Limits{});
    REQUIRE(head.has_value());
    CHECK(head->request.path == row.path);
  }
}

TEST_CASE("head: a connection goes on unless one side says otherwise") {
  const struct {
    std::string head;
    bool keep_alive;
  } rows[] = {
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: x\r\nConnection: Keep-Alive, CLOSE\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: x\r\nConnection: a\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: x\r\nConnection: closed\r\n\r\n", true},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.head);
    const auto head = parse_head(row.head, Limits{});
    REQUIRE(head.has_value());
    CHECK(head->keep_alive == row.keep_alive);
  }
}

}  // namespace disposable
