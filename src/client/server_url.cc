#include "client/server_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace disposable {

namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";
constexpr std::size_t kNameMost = 253;  // RFC 1035

bool is_v6(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool is_name_or_v4(std::string_view host) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-._";
  return !host.empty() && host.size() <= kNameMost && host.find_first_not_of(kAllowed) == std::string_view::npos &&
         host.front() != '.' && host.front() != '-' && host.find("..") == std::string_view::npos;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool good = error == std::errc{} && stop == text.data() + text.size() && port != 0;
  return good ? std::optional(port) : std::nullopt;
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lowered;
}

// "host:port", "[::1]:port", each also without a port.
bool read_authority(std::string_view authority, ServerUrl& url) {
  const bool bracketed = authority.starts_with('[');
  const std::size_t end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && end == std::string_view::npos) {
    return false;
  }
  url.host = lower(bracketed ? authority.substr(1, end - 1) : authority.substr(0, end));
  const std::string_view rest =
      end == std::string_view::npos ? std::string_view{} : authority.substr(bracketed ? end + 1 : end);
  if (!rest.empty()) {
    const std::optional<std::uint16_t> port = rest.front() == ':' ? port_of(rest.substr(1)) : std::nullopt;
    if (!port) {
      return false;
    }
    url.port = *port;
  }
  return bracketed ? is_v6(url.host) : is_name_or_v4(url.host);
}

// The characters that a browser leaves as they are in a path, so that what the page has for a base is one here; and no
// segment that is a way up or none at all.
bool is_path(std::string_view path) {
  constexpr std::string_view kKept =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~%!$&'()*+,;=:@[]^|";
  if (path.find_first_not_of(kKept) != std::string_view::npos) {
    return false;
  }
  while (!path.empty()) {
    const std::string_view segment = path.substr(1, path.find('/', 1) - 1);
    if (segment.empty() || segment == "." || segment == ".." || lower(segment).find("%2e") != std::string::npos) {
      return false;
    }
    path.remove_prefix(1 + segment.size());
  }
  return true;
}

}  // namespace

std::string ServerUrl::origin() const {
  std::string text((tls ? kHttps : kHttp));
  text += host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? kHttpsPort : kHttpPort) ? text : text + ":" + std::to_string(port);
}

Result<ServerUrl> parse_server_url(std::string_view text) {
  ServerUrl url;
  url.tls = lower(text.substr(0, kHttps.size())) == kHttps;
  if (!url.tls && lower(text.substr(0, kHttp.size())) != kHttp) {
    return fail(Errc::kInvalidArgument, "a server is named by https://HOST or https://HOST:PORT");
  }
  url.port = url.tls ? kHttpsPort : kHttpPort;
  text.remove_prefix((url.tls ? kHttps : kHttp).size());
  if (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  const std::string_view authority = text.substr(0, text.find('/'));
  url.path = text.substr(authority.size());
  if (!read_authority(authority, url) || !is_path(url.path)) {
    return fail(Errc::kInvalidArgument,
                "a server is named by https://HOST or https://HOST:PORT, perhaps with a path, and nothing behind");
  }
  if (!url.tls && !is_loopback_host(url.host)) {
    return fail(Errc::kInvalidArgument, "plain http is for this machine alone; elsewhere a server needs https");
  }
  return url;
}

bool is_loopback_host(std::string_view host) {
  in_addr v4{};
  in6_addr v6{};
  const std::string text(host);
  constexpr std::uint32_t kLoopbackNet = 127;
  constexpr unsigned kNetShift = 24;
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    return ntohl(v4.s_addr) >> kNetShift == kLoopbackNet;
  }
  if (::inet_pton(AF_INET6, text.c_str(), &v6) == 1) {
    return IN6_IS_ADDR_LOOPBACK(&v6) != 0;
  }
  return host == "localhost" || host.ends_with(".localhost");
}

}  // namespace disposable
