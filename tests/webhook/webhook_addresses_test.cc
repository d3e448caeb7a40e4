// Goal: a URL of a stranger leads to nothing that only this machine can reach. Method: tables with the first and last
// address of every range that is set aside, their neighbours, and every way to write a v4 address as v6.

#include "webhook/webhook_addresses.h"

#include <doctest/doctest.h>

namespace disposable {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

constexpr bool kTls = true;
constexpr bool kPlain = false;

TEST_CASE("webhook addresses: what is set aside is refused, to its first and last address") {
  for (const std::string_view text :
       {"0.0.0.0",         "0.255.255.255",  "10.0.0.0",        "10.255.255.255", "100.64.0.0",      "100.127.255.255",
        "100.100.100.200", "127.0.0.0",      "127.255.255.255", "169.254.0.0",    "169.254.169.254", "169.254.255.255",
        "172.16.0.0",      "172.31.255.255", "192.0.0.0",       "192.0.0.192",    "192.0.0.255",     "192.0.2.0",
        "192.0.2.255",     "192.31.196.1",   "192.52.193.1",    "192.88.99.1",    "192.168.0.0",     "192.168.255.255",
        "192.175.48.1",    "198.18.0.0",     "198.19.255.255",  "198.51.100.1",   "203.0.113.255",   "224.0.0.0",
        "239.255.255.255", "240.0.0.0",      "255.255.255.255", "168.63.129.16"}) {
    CAPTURE(text);
    CHECK_FALSE(WebhookAddresses().may_call(ip(text), kTls));
    CHECK_FALSE(WebhookAddresses().may_call(ip("::ffff:" + std::string(text)), kTls));    // v4-mapped
    CHECK_FALSE(WebhookAddresses().may_call(ip("::" + std::string(text)), kTls));         // v4-compatible
    CHECK_FALSE(WebhookAddresses().may_call(ip("64:ff9b::" + std::string(text)), kTls));  // NAT64
  }
  for (const std::string_view text : {"::",
                                      "::1",
                                      "::2",
                                      "100::1",
                                      "64:ff9b:1::1",
                                      "64:ff9b:1::10.0.0.1",
                                      "2001::1",
                                      "2001:0:4136:e378:8000:63bf:3fff:fdd2",
                                      "2001:1::1",
                                      "2001:2::1",
                                      "2001:10::1",
                                      "2001:20::1",
                                      "2001:1ff:ffff::1",
                                      "2001:db8::1",
                                      "2001:db8:ffff::1",
                                      "2002::1",
                                      "2002:7f00:1::",
                                      "2002:a9fe:a9fe::1",
                                      "2620:4f:8000::1",
                                      "3ffe::1",
                                      "3fff::1",
                                      "3fff:fff::1",
                                      "5f00::1",
                                      "fc00::1",
                                      "fd00:ec2::254",
                                      "fdff:ffff::1",
                                      "fe80::1",
                                      "febf::1",
                                      "fec0::1",
                                      "ff00::",
                                      "ff02::1",
                                      "ffff::1",
                                      "1fff::1",
                                      "4000::1"}) {
    CAPTURE(text);
    CHECK_FALSE(WebhookAddresses().may_call(ip(text), kTls));
  }
}

TEST_CASE("webhook addresses: the neighbours of what is set aside are public, by https alone") {
  for (const std::string_view text : {"1.0.0.0",         "9.255.255.255",        "11.0.0.0",      "100.63.255.255",
                                      "100.128.0.0",     "126.255.255.255",      "128.0.0.0",     "169.253.255.255",
                                      "169.255.0.0",     "172.15.255.255",       "172.32.0.0",    "192.0.1.0",
                                      "192.0.3.0",       "192.167.255.255",      "192.169.0.0",   "198.17.255.255",
                                      "198.20.0.0",      "223.255.255.255",      "168.63.129.15", "8.8.8.8",
                                      "2000::1",         "2001:200::1",          "2001:db7::1",   "2001:db9::1",
                                      "2003::1",         "2606:4700:4700::1111", "3ffd::1",       "3fff:1000::1",
                                      "64:ff9b::8.8.8.8"}) {
    CAPTURE(text);
    CHECK(WebhookAddresses().may_call(ip(text), kTls));
    CHECK_FALSE(WebhookAddresses().may_call(ip(text), kPlain));
  }
}

TEST_CASE("webhook addresses: what can be told of a host before its name is looked up") {
  const WebhookAddresses addresses;
  for (const std::string_view host : {"hooks.example", "8.8.8.8", "2606:4700:4700::1111"}) {
    CAPTURE(host);
    CHECK(addresses.may_call(host, kTls));
    CHECK_FALSE(addresses.may_call(host, kPlain));
  }
  for (const std::string_view host : {"127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"}) {
    CAPTURE(host);
    CHECK_FALSE(addresses.may_call(host, kTls));
  }
}

TEST_CASE("webhook addresses: what is allowed may be called, also by plain http, and nothing beside it") {
  WebhookAddresses addresses;
  REQUIRE(addresses.allow("10.1.0.0/16"));
  REQUIRE(addresses.allow("fd00::/8"));
  REQUIRE(addresses.allow("8.8.8.8"));
  for (const std::string_view text : {"10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3", "fd12::1", "8.8.8.8"}) {
    CAPTURE(text);
    CHECK(addresses.may_call(ip(text), kTls));
    CHECK(addresses.may_call(ip(text), kPlain));
  }
  for (const std::string_view text : {"10.0.255.255", "10.2.0.0", "fc00::1", "64:ff9b::10.1.0.1", "2002:a01:1::"}) {
    CAPTURE(text);
    CHECK_FALSE(addresses.may_call(ip(text), kTls));
  }
  CHECK_FALSE(addresses.may_call(ip("8.8.8.9"), kPlain));
  CHECK(addresses.may_call("10.1.2.3", kPlain));
  CHECK_FALSE(addresses.may_call("10.2.0.0", kTls));
  CHECK(addresses.may_call("hooks.example", kPlain));  // it may be a name of one that is allowed
  CHECK_FALSE(addresses.allow("10.1.0.0/8"));
  CHECK_FALSE(addresses.allow("everybody"));
}

}  // namespace
}  // namespace disposable
