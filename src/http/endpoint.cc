#include "http/endpoint.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <optional>

namespace disposable {

namespace {

constexpr std::size_t kUnixPathMax = sizeof(sockaddr_un::sun_path) - 1;

bool take_prefix(std::string_view& text, std::string_view prefix) {
  const bool found = text.starts_with(prefix);
  text.remove_prefix(found ? prefix.size() : 0);
  return found;
}

// One address has many texts in v6 ("::1", "0::1"); compared is the canonical one.
std::optional<std::string> canonical(const std::string& address, int family) {
  std::array<std::uint8_t, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_pton(family, address.c_str(), bytes.data()) != 1 ||
      ::inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr) {
    return std::nullopt;
  }
  return text.data();
}

std::optional<int> port_number(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || port < 0 || port > 65535) {
    return std::nullopt;
  }
  return port;
}

std::optional<std::string> host_address(std::string_view host) {
  if (host == "localhost") {
    return "127.0.0.1";
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    return canonical(std::string(host.substr(1, host.size() - 2)), AF_INET6);
  }
  return canonical(std::string(host), AF_INET);
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto refuse = [whole = std::string(text)](std::string_view why) {
    return fail(Errc::kInvalidArgument, "cannot listen on '" + whole + "': " + std::string(why));
  };
  Endpoint endpoint;
  if (take_prefix(text, "https://")) {
    endpoint.security = Endpoint::Security::kTls;
  } else if (take_prefix(text, "http://")) {
    endpoint.security = Endpoint::Security::kPlain;
  }
  if (text == "systemd") {
    endpoint.kind = Endpoint::Kind::kPassed;
    return endpoint;
  }
  if (take_prefix(text, "fd:")) {
    endpoint.kind = Endpoint::Kind::kPassed;
    endpoint.address = text;
    return text.empty() ? Result<Endpoint>(refuse("a name must follow fd:")) : endpoint;
  }
  if (take_prefix(text, "unix:")) {
    endpoint.kind = Endpoint::Kind::kUnix;
    endpoint.address = text;
    if (!text.starts_with('/') || text.ends_with('/') || text.find('\0') != std::string_view::npos) {
      return refuse("the path of a socket is absolute");
    }
    if (text.size() > kUnixPathMax) {
      return refuse("the path of a socket has at most " + std::to_string(kUnixPathMax) + " bytes");
    }
    return endpoint;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return refuse("use HOST:PORT, [V6]:PORT, unix:/PATH, fd:NAME or systemd");
  }
  const std::optional<int> port = port_number(text.substr(colon + 1));
  if (!port) {
    return refuse("a port is a number from 0 to 65535");
  }
  const std::optional<std::string> address = host_address(text.substr(0, colon));
  if (!address) {
    return refuse("the host is neither an address (v6 in brackets) nor localhost");
  }
  endpoint.address = *address;
  endpoint.port = *port;
  return endpoint;
}

std::string to_text(const Endpoint& endpoint) {
  switch (endpoint.kind) {
    case Endpoint::Kind::kUnix:
      return "unix:" + endpoint.address;
    case Endpoint::Kind::kPassed:
      return endpoint.address.empty() ? "systemd" : "fd:" + endpoint.address;
    case Endpoint::Kind::kTcp:
      break;
  }
  const bool v6 = endpoint.address.find(':') != std::string::npos;
  return (v6 ? "[" + endpoint.address + "]" : endpoint.address) + ":" + std::to_string(endpoint.port);
}

}  // namespace disposable
