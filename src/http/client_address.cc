#include "http/client_address.h"

#include <algorithm>
#include <charconv>

namespace disposable {

namespace {

constexpr std::string_view kForwardedFor = "X-Forwarded-For";
constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  return begin == std::string_view::npos ? std::string_view{}
                                         : text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// Empty, or a colon and a number that fits a port.
bool is_port_suffix(std::string_view text) {
  if (text.empty()) {
    return true;
  }
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data() + 1, end, port);
  return text.front() == ':' && stop == end && problem == std::errc{};
}

std::optional<IpAddress> parse_hop(std::string_view hop) {
  if (hop.starts_with('[')) {
    const std::size_t close = hop.find(']');
    if (close == std::string_view::npos || !is_port_suffix(hop.substr(close + 1))) {
      return std::nullopt;
    }
    const std::string_view inside = hop.substr(1, close - 1);
    return inside.find(':') == std::string_view::npos ? std::nullopt : IpAddress::parse(inside);
  }
  // One colon separates a v4 address from a port; several are inside a v6 address.
  const std::size_t colon = hop.find(':');
  if (colon != hop.rfind(':')) {
    return IpAddress::parse(hop);
  }
  const std::size_t end = std::min(colon, hop.size());
  return is_port_suffix(hop.substr(end)) ? IpAddress::parse(hop.substr(0, end)) : std::nullopt;
}

// The walk over the hops, from the right.
struct HopWalk {
  const TrustedProxies& trusted;
  std::optional<IpAddress> last{};  // the address taken last

  // False when the walk has ended.
  bool take(std::string_view hop) {
    const std::optional<IpAddress> ip = parse_hop(hop);
    if (!ip) {
      return false;
    }
    last = ip;
    return trusted.contains(*ip);
  }

  bool take_list(std::string_view list) {
    while (true) {
      const std::size_t comma = list.rfind(',');
      const std::string_view hop = trimmed(comma == std::string_view::npos ? list : list.substr(comma + 1));
      if (!hop.empty() && !take(hop)) {
        return false;
      }
      if (comma == std::string_view::npos) {
        return true;
      }
      list = list.substr(0, comma);
    }
  }
};

bool is_local(const Peer& peer) { return !peer.ip || peer.ip->is_loopback(); }

}  // namespace

Result<void> TrustedProxies::add(std::string_view text) {
  if (text == "unix") {
    unix_sockets_ = true;
    return {};
  }
  const Result<Cidr> range = Cidr::parse(text);
  if (!range) {
    return fail(range.error());
  }
  ranges_.push_back(*range);
  return {};
}

bool TrustedProxies::contains(const IpAddress& ip) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [&ip](const Cidr& range) { return range.contains(ip); });
}

ClientAddress client_address(const Peer& peer, const std::vector<HeaderField>& headers, const TrustedProxies& trusted) {
  if (!trusted.contains(peer)) {
    return {.ip = peer.ip, .exempt = is_local(peer), .trusted_peer = false};
  }
  bool forwarded = false;
  bool walking = true;
  HopWalk walk{trusted};
  for (auto field = headers.rbegin(); walking && field != headers.rend(); ++field) {
    if (equal_ignoring_case(field->name, kForwardedFor)) {
      forwarded = true;
      walking = walk.take_list(field->value);
    }
  }
  return {.ip = walk.last ? walk.last : peer.ip, .exempt = is_local(peer) && !forwarded, .trusted_peer = true};
}

std::optional<ClientPrefix> connection_prefix(const Peer& peer, const TrustedProxies& trusted) {
  if (is_local(peer) || trusted.contains(peer)) {
    return std::nullopt;
  }
  return peer.ip->client_prefix();
}

}  // namespace disposable
