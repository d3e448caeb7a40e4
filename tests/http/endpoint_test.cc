// Goal: every way to write an address to listen on means one thing, and everything else is refused with its reason.

#include "http/endpoint.h"

#include <doctest/doctest.h>

namespace disposable {

TEST_CASE("endpoint: what is accepted, and what it means") {
  using Kind = Endpoint::Kind;
  using Security = Endpoint::Security;
  struct Row {
    std::string text;
    Kind kind;
    Security security;
    std::string address;
    int port;
    std::string shown;
  };
  const std::string longest = "/" + std::string(106, 'x');
  const Row rows[] = {
      {"127.0.0.1:8000", Kind::kTcp, Security::kDefault, "127.0.0.1", 8000, "127.0.0.1:8000"},
      {"localhost:0", Kind::kTcp, Security::kDefault, "127.0.0.1", 0, "127.0.0.1:0"},
      {"0.0.0.0:65535", Kind::kTcp, Security::kDefault, "0.0.0.0", 65535, "0.0.0.0:65535"},
      {"[::]:443", Kind::kTcp, Security::kDefault, "::", 443, "[::]:443"},
      {"[0:0::0001]:443", Kind::kTcp, Security::kDefault, "::1", 443, "[::1]:443"},
      {"http://[2001:DB8::1]:80", Kind::kTcp, Security::kPlain, "2001:db8::1", 80, "[2001:db8::1]:80"},
      {"https://192.0.2.1:443", Kind::kTcp, Security::kTls, "192.0.2.1", 443, "192.0.2.1:443"},
      {"unix:/run/x.sock", Kind::kUnix, Security::kDefault, "/run/x.sock", 0, "unix:/run/x.sock"},
      {"https://unix:/run/x", Kind::kUnix, Security::kTls, "/run/x", 0, "unix:/run/x"},
      {"unix:" + longest, Kind::kUnix, Security::kDefault, longest, 0, "unix:" + longest},
      {"fd:api", Kind::kPassed, Security::kDefault, "api", 0, "fd:api"},
      {"https://fd:api", Kind::kPassed, Security::kTls, "api", 0, "fd:api"},
      {"systemd", Kind::kPassed, Security::kDefault, "", 0, "systemd"},
      {"http://systemd", Kind::kPassed, Security::kPlain, "", 0, "systemd"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<Endpoint> parsed = parse_endpoint(row.text);
    REQUIRE(parsed);
    CHECK(parsed->kind == row.kind);
    CHECK(parsed->security == row.security);
    CHECK(parsed->address == row.address);
    CHECK(parsed->port == row.port);
    CHECK(to_text(*parsed) == row.shown);
    CHECK(parse_endpoint(row.shown)->same_place(*parsed));
  }
}

TEST_CASE("endpoint: what is refused, and why") {
  const std::string form = "use HOST:PORT, [V6]:PORT, unix:/PATH, fd:NAME or systemd";
  const std::string port = "a port is a number from 0 to 65535";
  const std::string host = "the host is neither an address (v6 in brackets) nor localhost";
  const std::string path = "the path of a socket is absolute";
  struct Row {
    std::string text;
    std::string why;
  };
  const Row rows[] = {
      {"", form},
      {"8000", form},
      {"127.0.0.1", form},
      {"systemd2", form},
      {"https://", form},
      {"127.0.0.1:", port},
      {"127.0.0.1:65536", port},
      {"127.0.0.1:-1", port},
      {"127.0.0.1:+1", port},
      {"127.0.0.1: 1", port},
      {"127.0.0.1:80/", port},
      {"[::1]", port},
      {"https://http://127.0.0.1:80", host},
      {":8000", host},
      {"*:8000", host},
      {"example.org:8000", host},
      {"::1:8000", host},
      {"[::1:8000", host},
      {"[127.0.0.1]:8000", host},
      {"[]:8000", host},
      {"127.1:8000", host},
      {"127.0.0.1.:8000", host},
      {"unix:", path},
      {"unix:run/x", path},
      {"unix:/run/", path},
      {std::string("unix:/run/\0x", 12), path},
      {"unix:/" + std::string(107, 'x'), "the path of a socket has at most 107 bytes"},
      {"fd:", "a name must follow fd:"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<Endpoint> parsed = parse_endpoint(row.text);
    REQUIRE(!parsed);
    CHECK(parsed.error().code == Errc::kInvalidArgument);
    CHECK(parsed.error().detail == "cannot listen on '" + row.text + "': " + row.why);
  }
}

}  // namespace disposable
