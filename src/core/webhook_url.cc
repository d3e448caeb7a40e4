#include "core/webhook_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <string>

#include "core/webhook.h"

namespace disposable {

namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::size_t kNameMax = 253;  // RFC 1035
constexpr std::size_t kLabelMax = 63;

tl::unexpected<Error> refuse(const char* why) { return fail(Errc::kInvalidArgument, why); }

bool begins_with(std::string_view text, std::string_view lower_case) {
  return text.size() >= lower_case.size() &&
         std::equal(lower_case.begin(), lower_case.end(), text.begin(),
                    [](char own, char c) { return own == (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c); });
}

bool is_in(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool all_in(std::string_view text, std::initializer_list<std::string_view> sets) {
  return std::all_of(text.begin(), text.end(), [&sets](char c) {
    return std::any_of(sets.begin(), sets.end(), [c](std::string_view set) { return is_in(c, set); });
  });
}

// Of hexadecimal digits, points and colons: a NUL would end it too early.
bool is_address(int family, std::string_view host) {
  in6_addr address{};
  return all_in(host, {kHexDigits, ".:"}) && ::inet_pton(family, std::string(host).c_str(), &address) == 1;
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLabelMax && label.front() != '-' && label.back() != '-' &&
         all_in(label, {kLetters, kDigits, "-_"});
}

// A last label that begins with a digit belongs to a number in somebody's eyes (inet_aton(3), the URL standard of
// browsers), and no top-level domain begins so: only the four numbers are left that nobody reads in another way.
bool is_name_or_v4(std::string_view host) {
  std::string_view last;
  for (std::string_view rest = host;;) {
    const std::size_t dot = rest.find('.');
    last = rest.substr(0, dot);
    if (!is_label(last)) {
      return false;
    }
    if (dot == std::string_view::npos) {
      break;
    }
    rest.remove_prefix(dot + 1);
  }
  return host.size() <= kNameMax && (!is_in(last.front(), kDigits) || is_address(AF_INET, host));
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool good = error == std::errc{} && stop == text.data() + text.size() && text.front() != '0';
  return good ? std::optional(port) : std::nullopt;
}

// RFC 3986, 3.3 and 3.4: pchar, "/" and "?".
bool is_target(std::string_view target) {
  for (std::size_t escape = target.find('%'); escape != std::string_view::npos; escape = target.find('%', escape + 1)) {
    const std::string_view digits = target.substr(escape + 1, 2);
    if (digits.size() < 2 || !all_in(digits, {kHexDigits})) {
      return false;
    }
  }
  return all_in(target, {kLetters, kDigits, "-._~!$&'()*+,;=:@/?%"});
}

// "host:port", "[::1]:port", each also without a port.
Result<void> read_authority(std::string_view authority, WebhookUrl& url) {
  if (authority.find('@') != std::string_view::npos) {
    return refuse("A webhook's URL has no user name or password");
  }
  const bool bracketed = authority.starts_with('[');
  const std::size_t end = std::min(authority.find(bracketed ? ']' : ':'), authority.size());
  url.host = bracketed ? authority.substr(1, end - 1) : authority.substr(0, end);
  if (bracketed ? end == authority.size() || !is_address(AF_INET6, url.host) : !is_name_or_v4(url.host)) {
    return refuse("A webhook's URL names a host: a name in ASCII, a v4 address, or a v6 address in brackets");
  }
  authority.remove_prefix(end + (bracketed ? 1 : 0));
  if (authority.empty()) {
    return {};
  }
  const auto port = authority.front() == ':' ? port_of(authority.substr(1)) : std::nullopt;
  if (!port) {
    return refuse("A webhook's port is a number from 1 to 65535");
  }
  url.port = *port;
  return {};
}

}  // namespace

Result<WebhookUrl> parse_webhook_url(std::string_view text) {
  constexpr std::string_view kHttps = "https://";
  constexpr std::string_view kHttp = "http://";
  constexpr std::uint16_t kHttpsPort = 443;
  constexpr std::uint16_t kHttpPort = 80;
  static_assert(kWebhookUrlMax == 1024, "it is in the sentence");
  if (text.size() > kWebhookUrlMax) {
    return refuse("A webhook's URL has at most 1024 bytes");
  }
  WebhookUrl url;
  url.tls = begins_with(text, kHttps);
  if (!url.tls && !begins_with(text, kHttp)) {
    return refuse("A webhook's URL begins with https://");
  }
  url.port = url.tls ? kHttpsPort : kHttpPort;
  text.remove_prefix((url.tls ? kHttps : kHttp).size());
  if (text.find('#') != std::string_view::npos) {
    return refuse("A webhook's URL has no fragment");
  }
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  url.target = text.substr(end);
  const Result<void> read = read_authority(text.substr(0, end), url);
  if (!read) {
    return fail(read.error());
  }
  if (!is_target(url.target)) {
    return refuse("A webhook's URL consists of the characters of URLs; others are written as %XX");
  }
  return url;
}

Result<void> check_webhook_url(std::string_view text) {
  const Result<WebhookUrl> url = parse_webhook_url(text);
  return url ? Result<void>() : fail(url.error());
}

}  // namespace disposable
