// Goal: one address is one value, and text that two readers could take for different addresses is none. Method: tables.

#include "base/ip_address.h"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace disposable {

namespace {

// The address in its one form, or "none".
std::string read(std::string_view text) {
  const std::optional<IpAddress> address = IpAddress::parse(text);
  return address ? address->format() : "none";
}

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

}  // namespace

TEST_CASE("address: text is read to its one form") {
  const struct {
    std::string_view text, form;
  } rows[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:0db8::0001", "2001:db8::1"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"::FFFF:c000:201", "192.0.2.1"},
      {"0000:0000:0000:0000:0000:ffff:192.0.2.100", "192.0.2.100"},
      {"::192.0.2.1", "::192.0.2.1"},  // v4-compatible, long abandoned: not v4
      {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(read(row.text) == row.form);
  }
}

TEST_CASE("address: text that is not exactly an address is none") {
  using namespace std::string_view_literals;
  const std::string_view rows[] = {
      ""sv,
      " "sv,
      "192.0.2.1 "sv,
      " 192.0.2.1"sv,
      "192.0.2.1\n"sv,
      "192.0.2.1\0"sv,
      "192.0.2.1\0.x"sv,
      "\0"sv,
      // Leading zeros are octal to some readers; so are fewer than four numbers and hexadecimal.
      "192.0.02.1"sv,
      "192.0.2.01"sv,
      "010.0.0.1"sv,
      "127.1"sv,
      "2130706433"sv,
      "0x7f.0.0.1"sv,
      "0x7f000001"sv,
      "192.0.2"sv,
      "192.0.2."sv,
      ".192.0.2.1"sv,
      "192.0.2.1."sv,
      "192..2.1"sv,
      "192.0.2.256"sv,
      "192.0.2.1.1"sv,
      "-1.0.0.1"sv,
      "+1.0.0.1"sv,
      "1.2.3.4294967297"sv,
      "192.0.2.1/32"sv,
      "192.0.2.1:80"sv,
      "[192.0.2.1]"sv,
      "[::1]"sv,
      "[::1]:80"sv,
      "::1%lo"sv,
      "fe80::1%1"sv,
      "fe80::1%25eth0"sv,
      ":"sv,
      ":::"sv,
      "1::2::3"sv,
      "::g"sv,
      "1:2:3:4:5:6:7"sv,
      "1:2:3:4:5:6:7:8:9"sv,
      "12345::"sv,
      "::00001"sv,
      "::ffff:192.0.2"sv,
      "::ffff:192.0.2.01"sv,
      "::1/128"sv,
      "localhost"sv,
      "unknown"sv,
      "_hidden"sv,
      "\xD9\xA1.0.0.1"sv,
      "0000:0000:0000:0000:0000:ffff:192.168.100.1000"sv,
  };
  for (const std::string_view row : rows) {
    CAPTURE(row);
    CHECK(read(row) == "none");
  }
  CHECK(read(std::string(100'000, '1')) == "none");
}

TEST_CASE("address: a socket's address is read; a mapped one is v4, another family is none") {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  const auto& any = reinterpret_cast<const sockaddr&>(storage);
  CHECK_FALSE(IpAddress::from(any));
  storage.ss_family = AF_UNIX;
  CHECK_FALSE(IpAddress::from(any));
  v4.sin_family = AF_INET;
  v4.sin_port = 80;
  inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
  CHECK(IpAddress::from(any) == ip("192.0.2.1"));
  storage = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_scope_id = 2;
  inet_pton(AF_INET6, "fe80::1", &v6.sin6_addr);
  CHECK(IpAddress::from(any) == ip("fe80::1"));
  inet_pton(AF_INET6, "::ffff:192.0.2.1", &v6.sin6_addr);
  CHECK(IpAddress::from(any) == ip("192.0.2.1"));
}

TEST_CASE("address: loopback is 127.0.0.0/8 and ::1, also mapped, and nothing else") {
  for (const std::string_view text : {"127.0.0.1", "127.255.255.255", "127.0.0.0", "::1", "::ffff:127.0.0.1"}) {
    CAPTURE(text);
    CHECK(ip(text).is_loopback());
  }
  for (const std::string_view text :
       {"126.255.255.255", "128.0.0.0", "0.0.0.0", "::", "::2", "::127.0.0.1", "7f00::1", "fe80::1", "1::1"}) {
    CAPTURE(text);
    CHECK_FALSE(ip(text).is_loopback());
  }
}

TEST_CASE("address: limits count a v4 address for itself and a v6 address by its /64") {
  const struct {
    std::string_view a, b;
    bool same;
  } rows[] = {
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "::ffff:192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true},
      {"2001:db8:0:1::1", "2001:db8:0:2::1", false},
      {"2001:db8:0:1::1", "2001:db9:0:1::1", false},
      {"192.0.2.1", "::192.0.2.1", false},
      {"192.0.2.1", "0:0:c000:201::1", false},  // its upper half is the number of that v4 address
  };
  for (const auto& row : rows) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK((ip(row.a).client_prefix() == ip(row.b).client_prefix()) == row.same);
  }
  CHECK(IpAddress().client_prefix() == ClientPrefix{});
}

TEST_CASE("range: holds exactly the addresses of its prefix, in one family") {
  const struct {
    std::string_view range, address;
    bool inside;
  } rows[] = {
      {"10.0.0.0/8", "10.0.0.0", true},
      {"10.0.0.0/8", "10.255.255.255", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.0.0.0/8", "9.255.255.255", false},
      {"10.0.0.0/8", "::ffff:10.1.2.3", true},
      {"10.0.0.0/8", "::10.1.2.3", false},
      {"172.16.0.0/12", "172.31.255.255", true},
      {"172.16.0.0/12", "172.32.0.0", false},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.0", false},
      {"192.0.2.1/32", "192.0.2.1", true},
      {"192.0.2.0/31", "192.0.2.1", true},
      {"192.0.2.0/31", "192.0.2.2", false},
      {"0.0.0.0/0", "255.1.2.3", true},
      {"0.0.0.0/0", "::1", false},
      {"::/0", "2001:db8::1", true},
      {"::/0", "192.0.2.1", false},
      {"2001:db8::/32", "2001:db8:ffff::1", true},
      {"2001:db8::/32", "2001:db9::", false},
      {"2001:db8::/33", "2001:db8:7fff::", true},
      {"2001:db8::/33", "2001:db8:8000::", false},
      {"2001:db8::1", "2001:db8::1", true},
      {"2001:db8::1/128", "2001:db8::2", false},
      {"::ffff:10.0.0.0/104", "10.1.2.3", true},
      {"::ffff:10.0.0.0/104", "11.1.2.3", false},
      {"::ffff:10.0.0.0", "10.0.0.0", true},
      {"::ffff:0:0/96", "192.0.2.1", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.range);
    CAPTURE(row.address);
    const Result<Cidr> range = Cidr::parse(row.range);
    REQUIRE(range);
    CHECK(range->contains(ip(row.address)) == row.inside);
  }
}

TEST_CASE("range: text that is not exactly a range is refused with a reason") {
  const struct {
    std::string_view text, reason;
  } rows[] = {
      {"", "IP address"},
      {"/8", "IP address"},
      {"10/8", "IP address"},
      {"10.0.0/8", "IP address"},
      {"all", "IP address"},
      {"[::1]/128", "IP address"},
      {"10.0.0.0 /8", "IP address"},
      {"fe80::%lo/64", "IP address"},
      {"10.0.0.0,::1", "IP address"},
      {"10.0.0.0/", "prefix length"},
      {"10.0.0.0/33", "prefix length"},
      {"10.0.0.0/08", "prefix length"},
      {"10.0.0.0/+8", "prefix length"},
      {"10.0.0.0/-1", "prefix length"},
      {"10.0.0.0/8 ", "prefix length"},
      {"10.0.0.0/8/8", "prefix length"},
      {"10.0.0.0/255.0.0.0", "prefix length"},
      {"::/129", "prefix length"},
      {"::/4294967296", "prefix length"},
      {"::/0x10", "prefix length"},
      {"10.0.0.1/8", "bits behind"},
      {"10.0.0.0/6", "bits behind"},
      {"0.0.0.1/0", "bits behind"},
      {"192.0.2.1/31", "bits behind"},
      {"2001:db8::1/32", "bits behind"},
      {"2001:db8:8000::/32", "bits behind"},
      {"::1/0", "bits behind"},
      {"::ffff:10.0.0.0/8", "bits behind"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const Result<Cidr> range = Cidr::parse(row.text);
    REQUIRE_FALSE(range);
    CHECK(range.error().code == Errc::kInvalidArgument);
    CHECK(range.error().detail.find(row.reason) != std::string::npos);
  }
}

}  // namespace disposable
