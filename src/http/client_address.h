// Whose request it is: the peer of the connection or, behind a proxy that the operator trusts, the client it names.
//
// Values and pure functions, thread-safe. X-Forwarded-For (MDN "X-Forwarded-For", section "Selecting an IP address") is
// a list to which every proxy appends its own peer. So its right end is written by our proxy and its left end by
// anybody: it is read from the right, and only as far as trusted proxies vouch for it.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "http/message.h"

namespace disposable {

// The other end of a connection.
struct Peer {
  std::optional<IpAddress> ip;  // none: a Unix socket
};

// The proxies whose word is taken: ranges of addresses, and whether the peers of our Unix sockets are among them.
class TrustedProxies {
 public:
  // A range (Cidr::parse, with its errors) or the word "unix".
  Result<void> add(std::string_view text);

  bool contains(const IpAddress& ip) const;
  bool contains(const Peer& peer) const { return peer.ip ? contains(*peer.ip) : unix_sockets_; }

 private:
  std::vector<Cidr> ranges_;
  bool unix_sockets_ = false;
};

struct ClientAddress {
  std::optional<IpAddress> ip;  // none: a Unix socket, and nobody said whose request it is
  bool exempt = false;          // no rate limit holds: this machine's own loopback or Unix socket, not through a proxy
  bool trusted_peer = false;    // what else the peer says about its client may be believed

  // What the limits count by. An unnamed client behind a Unix socket counts as one address.
  ClientPrefix prefix() const { return ip ? ip->client_prefix() : ClientPrefix{}; }
  // For the audit log and the access log: the address or "unix".
  std::string text() const { return ip ? ip->format() : "unix"; }
};

// The peer. When it is trusted: the right-most hop of X-Forwarded-For that is not trusted, or the left-most when all
// are. All fields of that name are one list; empty elements are skipped (RFC 9110, 5.6.1). A hop is an address or, with
// v6 in brackets, an address and a port; anything else ends the list, and what stands right of it counts.
// A trusted peer that sends the field at all is a proxy, so its requests are never exempt, whatever the field says.
// The work is linear in the head's size and the number of trusted ranges.
ClientAddress client_address(const Peer& peer, const std::vector<HeaderField>& headers, const TrustedProxies& trusted);

// By what a new connection is counted; nothing when it is not: loopback, Unix sockets, and trusted proxies, behind
// which many clients stand.
std::optional<ClientPrefix> connection_prefix(const Peer& peer, const TrustedProxies& trusted);

}  // namespace disposable
