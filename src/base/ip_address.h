// IpAddress, Cidr and ClientPrefix: who a client is, as values that compare.
//
// One address has one value: a v4 address that arrives as v4-mapped v6 (RFC 4291, 2.5.5.2: "::ffff:192.0.2.1", what a
// dual-stack socket reports) is the v4 address. Pure values, thread-compatible; parsing allocates nothing.

#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct sockaddr;

namespace disposable {

// What the limits count by: a v4 address, or the /64 of a v6 address, because the owner of a /64 has all of it.
// The default value is "::/64", which no client has.
struct ClientPrefix {
  std::uint64_t bits = 0;  // the v4 address, or the upper half of the v6 address
  bool is_v4 = false;

  auto operator<=>(const ClientPrefix&) const = default;
};

class IpAddress {
 public:
  // "::".
  IpAddress() = default;

  // inet_pton(3)'s strict forms: four decimal numbers without leading zeros, or RFC 4291 text. Nothing for all else:
  // zones, brackets, ports, blanks, NUL.
  static std::optional<IpAddress> parse(std::string_view text);
  // Nothing for families other than AF_INET and AF_INET6. `address` is as long as its family says. A zone is dropped.
  static std::optional<IpAddress> from(const sockaddr& address);

  bool is_v4() const;
  bool is_loopback() const;  // 127.0.0.0/8 and ::1
  ClientPrefix client_prefix() const;
  // "192.0.2.1" or RFC 5952's form, "2001:db8::1".
  std::string format() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  friend class Cidr;

  std::array<std::uint8_t, 16> bytes_{};  // v6, or v4-mapped
};

// A range of addresses of one family (RFC 4632, RFC 4291, 2.3).
class Cidr {
 public:
  // "10.0.0.0/8", "2001:db8::/32", or a single address. kInvalidArgument, with a detail for the operator, when it is
  // neither, or when bits behind the prefix are set: then it is unclear which range was meant.
  static Result<Cidr> parse(std::string_view text);

  // Never across families: "::/0" holds no v4 address.
  bool contains(const IpAddress& address) const;

 private:
  Cidr(const IpAddress& network, unsigned prefix) : network_(network), prefix_(prefix) {}

  IpAddress network_;
  unsigned prefix_;  // of the 128 bits of `network_`, also when it is v4
};

}  // namespace disposable
