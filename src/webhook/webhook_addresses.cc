#include "webhook/webhook_addresses.h"

#include <algorithm>
#include <array>
#include <string>

namespace disposable {

namespace {

// Of v6 only what is handed out to the public at all is let through, 2000::/3; so of the rest no list is needed.
constexpr std::string_view kPublicV6 = "2000::/3";
// But for what leads to a v4 address that is let through.
constexpr std::string_view kNat64 = "64:ff9b::/96";
constexpr std::array<std::string_view, 25> kRefused = {
    "0.0.0.0/8",          // this network; 0.0.0.0 is this machine
    "10.0.0.0/8",         // private
    "100.64.0.0/10",      // shared behind a carrier's NAT; some clouds' metadata
    "127.0.0.0/8",        // loopback
    "169.254.0.0/16",     // link-local; clouds' metadata at 169.254.169.254
    "172.16.0.0/12",      // private
    "192.0.0.0/24",       // protocol assignments; metadata of one cloud at 192.0.0.192
    "192.0.2.0/24",       // documentation
    "192.31.196.0/24",    // AS112
    "192.52.193.0/24",    // AMT
    "192.88.99.0/24",     // 6to4 relays, deprecated
    "192.168.0.0/16",     // private
    "192.175.48.0/24",    // AS112
    "198.18.0.0/15",      // benchmarks
    "198.51.100.0/24",    // documentation
    "203.0.113.0/24",     // documentation
    "224.0.0.0/4",        // multicast
    "240.0.0.0/4",        // reserved, and broadcast
    "168.63.129.16",      // public by its number, and the host's own service in one cloud
    "2001::/23",          // protocol assignments, with Teredo (2001::/32), ORCHID and benchmarks
    "2001:db8::/32",      // documentation
    "2002::/16",          // 6to4: leads to the v4 address within
    "2620:4f:8000::/48",  // AS112
    "3fff::/20",          // documentation
    "3ffe::/16",          // 6bone, returned
};

bool is_in(const IpAddress& address, std::string_view range) {
  const Result<Cidr> cidr = Cidr::parse(range);
  check(cidr.has_value(), "the listed ranges are ranges");
  return cidr->contains(address);
}

// The addresses that NAT64 gives to those of a v4 range, "10.0.0.0/8": "64:ff9b::10.0.0.0/104".
std::string behind_nat64(std::string_view range) {
  constexpr int kBitsBefore = 96;
  constexpr int kBitsOfAll = 32;
  const std::size_t slash = range.find('/');
  const int bits = slash == std::string_view::npos ? kBitsOfAll : std::stoi(std::string(range.substr(slash + 1)));
  return "64:ff9b::" + std::string(range.substr(0, slash)) + "/" + std::to_string(kBitsBefore + bits);
}

bool is_special(const IpAddress& address) {
  if (is_in(address, kNat64)) {
    return std::any_of(kRefused.begin(), kRefused.end(), [&address](std::string_view range) {
      return range.find(':') == std::string_view::npos && is_in(address, behind_nat64(range));
    });
  }
  return (!address.is_v4() && !is_in(address, kPublicV6)) ||
         std::any_of(kRefused.begin(), kRefused.end(),
                     [&address](std::string_view range) { return is_in(address, range); });
}

}  // namespace

Result<void> WebhookAddresses::allow(std::string_view range) {
  const Result<Cidr> cidr = Cidr::parse(range);
  if (!cidr) {
    return fail(cidr.error());
  }
  allowed_.push_back(*cidr);
  return {};
}

bool WebhookAddresses::may_call(const IpAddress& address, bool tls) const {
  const bool allowed =
      std::any_of(allowed_.begin(), allowed_.end(), [&address](const Cidr& range) { return range.contains(address); });
  return allowed || (tls && !is_special(address));
}

bool WebhookAddresses::may_call(std::string_view host, bool tls) const {
  const std::optional<IpAddress> address = IpAddress::parse(host);
  return address ? may_call(*address, tls) : tls || !allowed_.empty();
}

}  // namespace disposable
