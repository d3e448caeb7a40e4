// WebhookAddresses: which addresses a webhook may be called at.
//
// A URL is somebody else's text, and the service may reach what its author cannot: this machine, its network, a cloud's
// metadata. So every address that IANA has set aside is refused, also where it hides in a v6 address that leads to a v4
// one, unless the operator allows it. Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890),
// RFC 5771 and RFC 4291 (multicast), RFC 6052 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo).

#pragma once

#include <string_view>
#include <vector>

#include "base/ip_address.h"

namespace disposable {

// Thread-compatible; allow() before anything else.
class WebhookAddresses {
 public:
  // A range as of Cidr::parse(), with its errors.
  Result<void> allow(std::string_view range);

  // Plain http goes to addresses that were allowed, and to no others: everybody on the way could read it.
  bool may_call(const IpAddress& address, bool tls) const;
  // May a host be called at all? Of a name this knows no more than that there is an address that it could have.
  bool may_call(std::string_view host, bool tls) const;

 private:
  std::vector<Cidr> allowed_;
};

}  // namespace disposable
