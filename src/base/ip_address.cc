#include "base/ip_address.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace disposable {

namespace {

using Bytes16 = std::array<std::uint8_t, 16>;

constexpr std::size_t kMappedSize = 12;
constexpr unsigned kMappedBits = 8 * kMappedSize;
constexpr unsigned kAddressBits = 128;
constexpr Bytes16 kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr Bytes16 kLoopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

std::uint64_t big_endian(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = value << 8U | bytes[i];
  }
  return value;
}

// The bits of byte `index` that belong to a prefix of `prefix` bits.
std::uint8_t mask(unsigned prefix, std::size_t index) {
  const auto before = static_cast<unsigned>(8 * index);
  const unsigned bits = std::min(prefix > before ? prefix - before : 0, 8U);
  return static_cast<std::uint8_t>(0xFFU << (8 - bits));
}

// A decimal number without sign or leading zeros.
std::optional<unsigned> parse_prefix(std::string_view text) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (stop != end || problem != std::errc{} || (text.size() > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::copy(text.begin(), text.end(), terminated.begin());
  IpAddress address;
  if (text.find(':') != std::string_view::npos) {
    return inet_pton(AF_INET6, terminated.data(), address.bytes_.data()) == 1 ? std::optional(address) : std::nullopt;
  }
  address.bytes_ = kMapped;
  return inet_pton(AF_INET, terminated.data(), address.bytes_.data() + kMappedSize) == 1 ? std::optional(address)
                                                                                         : std::nullopt;
}

std::optional<IpAddress> IpAddress::from(const sockaddr& address) {
  IpAddress result;
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    result.bytes_ = kMapped;
    std::memcpy(result.bytes_.data() + kMappedSize, &v4.sin_addr, sizeof v4.sin_addr);
    return result;
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    std::memcpy(result.bytes_.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    return result;
  }
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.begin() + kMappedSize, bytes_.begin()); }

bool IpAddress::is_loopback() const { return is_v4() ? bytes_[kMappedSize] == 127 : bytes_ == kLoopback; }

ClientPrefix IpAddress::client_prefix() const {
  return is_v4() ? ClientPrefix{big_endian(bytes_.data() + kMappedSize, 4), /*is_v4=*/true}
                 : ClientPrefix{big_endian(bytes_.data(), 8), /*is_v4=*/false};
}

std::string IpAddress::format() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, bytes_.data() + (v4 ? kMappedSize : 0), text.data(), text.size());
  return text.data();
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view address = text.substr(0, slash);
  const std::optional<IpAddress> network = IpAddress::parse(address);
  if (!network) {
    return fail(Errc::kInvalidArgument, "neither an IP address nor a range such as 10.0.0.0/8");
  }
  unsigned prefix = kAddressBits;
  if (slash < text.size()) {
    // A prefix counts the bits of the text in front of it; in v4-mapped text it counts the mapping, too.
    const unsigned counted_before = address.find(':') == std::string_view::npos ? kMappedBits : 0;
    const std::optional<unsigned> length = parse_prefix(text.substr(slash + 1));
    if (!length || *length > kAddressBits - counted_before) {
      return fail(Errc::kInvalidArgument, "the number behind the slash is not a prefix length");
    }
    prefix = counted_before + *length;
  }
  for (std::size_t i = 0; i < network->bytes_.size(); ++i) {
    if ((network->bytes_[i] & ~mask(prefix, i)) != 0) {
      return fail(Errc::kInvalidArgument, "address bits behind the prefix are set");
    }
  }
  return Cidr(*network, prefix);
}

bool Cidr::contains(const IpAddress& address) const {
  if (network_.is_v4() != address.is_v4()) {
    return false;
  }
  for (std::size_t i = 0; i < network_.bytes_.size(); ++i) {
    if (((network_.bytes_[i] ^ address.bytes_[i]) & mask(prefix_, i)) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace disposable
