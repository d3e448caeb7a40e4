// Endpoint: where to listen, as an operator writes it.
//
//   127.0.0.1:8000  [::1]:8000  localhost:8000   TCP; a v6 socket takes no v4. localhost is 127.0.0.1; port 0 is any
//   unix:/run/disposable-secrets.sock            a Unix socket
//   fd:NAME                                      the sockets that systemd passed under this name (FileDescriptorName=)
//   systemd                                      all passed sockets that no other endpoint names
//
// With http:// or https:// before any of them it speaks plain HTTP or TLS. Without, TCP speaks TLS when there is a
// certificate, and a Unix socket is plain: its other end is on this machine.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace disposable {

struct Endpoint {
  enum class Kind : std::uint8_t { kTcp, kUnix, kPassed };
  enum class Security : std::uint8_t { kDefault, kPlain, kTls };

  Kind kind = Kind::kTcp;
  Security security = Security::kDefault;
  // TCP: v4 or v6 in its canonical text. Unix: the absolute path. Passed: the name, empty for all.
  std::string address{};
  int port = 0;          // TCP only
  bool metrics = false;  // not in the text: serves /metrics instead of the API

  bool same_place(const Endpoint& other) const {
    return kind == other.kind && address == other.address && port == other.port;
  }
};

// kInvalidArgument with a sentence. Names are not resolved: that needs glibc's shared NSS modules, which a static
// executable must not load.
Result<Endpoint> parse_endpoint(std::string_view text);
// As it would be parsed, without http:// or https://.
std::string to_text(const Endpoint& endpoint);

}  // namespace disposable
