// ServerUrl: where a server is, as a person names it: "https://host", "https://host:8443", "http://127.0.0.1:8000".
// A value.

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

  // What links begin with: scheme, host, and the port where it is not the scheme's own.
  std::string origin() const;

  bool operator==(const ServerUrl&) const = default;
};

// kInvalidArgument, with a sentence that does not repeat the text: another scheme, a path, user or query, a bad host or
// port; http to another machine, which everybody on the way could read and change.
Result<ServerUrl> parse_server_url(std::string_view text);

// Whether it names this machine: 127.0.0.0/8, ::1, localhost and what is below it (RFC 6761).
bool is_loopback_host(std::string_view host);

}  // namespace disposable
