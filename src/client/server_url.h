// ServerUrl: where a server is, as a person names it: "https://host", "https://host:8443", "http://127.0.0.1:8000",
// and with the path below which a proxy has it: "https://host/secrets". A value.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace disposable {

struct ServerUrl {
  bool tls = true;
  std::string host;  // a name, or an address without brackets; lower case
  std::uint16_t port = 0;
  std::string path{};  // empty, or "/secrets"

  // Scheme, host, and the port where it is not the scheme's own.
  std::string origin() const;
  // What links begin with, the page's as well.
  std::string base() const { return origin() + path; }

  bool operator==(const ServerUrl&) const = default;
};

// kInvalidArgument, with a sentence that does not repeat the text: another scheme, a user or query, a bad host, port
// or path; http to another machine, which everybody on the way could read and change.
Result<ServerUrl> parse_server_url(std::string_view text);

// Whether it names this machine: 127.0.0.0/8, ::1, localhost and what is below it (RFC 6761).
bool is_loopback_host(std::string_view host);

}  // namespace disposable
