// Goal: nobody but a trusted proxy decides whose request it is, and no text on the left of its word changes that.
// Method: tables over the field's values as they stand in the head.

#include "http/client_address.h"

#include <doctest/doctest.h>

namespace disposable {

namespace {

constexpr std::string_view kName = "X-Forwarded-For";

TrustedProxies trusting(std::initializer_list<std::string_view> ranges) {
  TrustedProxies trusted;
  for (const std::string_view range : ranges) {
    REQUIRE(trusted.add(range));
  }
  return trusted;
}

Peer peer_of(std::string_view text) { return text == "unix" ? Peer{} : Peer{.ip = IpAddress::parse(text).value()}; }

std::vector<HeaderField> fields_of(const std::vector<std::string_view>& values) {
  std::vector<HeaderField> headers{{"Host", "x"}};
  for (const std::string_view value : values) {
    headers.push_back({kName, value});
    headers.push_back({"X-Real-IP", "203.0.113.99"});
  }
  return headers;
}

}  // namespace

TEST_CASE("client: behind a trusted proxy it is the right-most hop that is not trusted") {
  const TrustedProxies trusted = trusting({"10.0.0.0/8", "2001:db8:aaaa::/48"});
  const struct {
    std::vector<std::string_view> fields;
    std::string_view client;
  } rows[] = {
      {{"203.0.113.1"}, "203.0.113.1"},
      {{" \t203.0.113.1\t "}, "203.0.113.1"},
      {{"203.0.113.1:4711"}, "203.0.113.1"},
      {{"2001:db8::1"}, "2001:db8::1"},
      {{"[2001:db8::1]"}, "2001:db8::1"},
      {{"[2001:db8::1]:443"}, "2001:db8::1"},
      {{"2001:db8::1:443"}, "2001:db8::1:443"},  // without brackets there is no port
      {{"::ffff:203.0.113.1"}, "203.0.113.1"},
      {{"[::ffff:203.0.113.1]:1"}, "203.0.113.1"},
      // What the client itself sent stands on the left and does not count.
      {{"127.0.0.1, 203.0.113.1"}, "203.0.113.1"},
      {{"1.1.1.1, 2.2.2.2, 203.0.113.1"}, "203.0.113.1"},
      {{"10.0.0.1, 203.0.113.1"}, "203.0.113.1"},
      {{"garbage, ;drop table, 203.0.113.1"}, "203.0.113.1"},
      {{"\"203.0.113.7\", 203.0.113.1"}, "203.0.113.1"},
      // Trusted hops are passed over.
      {{"1.1.1.1, 203.0.113.1, 10.0.0.7"}, "203.0.113.1"},
      {{"203.0.113.1, 10.0.0.7, 10.0.0.8:99, [2001:db8:aaaa::1]:5"}, "203.0.113.1"},
      {{"203.0.113.1,10.0.0.7,10.0.0.8"}, "203.0.113.1"},
      {{"203.0.113.1, ::ffff:10.0.0.7"}, "203.0.113.1"},
      // All are trusted: the left-most.
      {{"10.0.0.9"}, "10.0.0.9"},
      {{"10.0.0.9, 10.0.0.8, 10.0.0.7"}, "10.0.0.9"},
      // What is no address ends the list; the last hop that was one counts, or the peer.
      {{"203.0.113.1, unknown"}, "10.9.9.9"},
      {{"unknown"}, "10.9.9.9"},
      {{"203.0.113.1, _hidden, 10.0.0.7"}, "10.0.0.7"},
      {{"203.0.113.1, for=1.2.3.4"}, "10.9.9.9"},
      {{"203.0.113.1 10.0.0.7"}, "10.9.9.9"},
      {{"203.0.113.1;10.0.0.7"}, "10.9.9.9"},
      {{"203.0.113.01"}, "10.9.9.9"},
      {{"203.0.113.1/32"}, "10.9.9.9"},
      {{"203.0.113.1:"}, "10.9.9.9"},
      {{"203.0.113.1:65536"}, "10.9.9.9"},
      {{"203.0.113.1:-1"}, "10.9.9.9"},
      {{"203.0.113.1:80x"}, "10.9.9.9"},
      {{"203.0.113.1:80:80"}, "10.9.9.9"},
      {{":80"}, "10.9.9.9"},
      {{"[203.0.113.1]"}, "10.9.9.9"},
      {{"[2001:db8::1"}, "10.9.9.9"},
      {{"2001:db8::1]"}, "10.9.9.9"},
      {{"[2001:db8::1]443"}, "10.9.9.9"},
      {{"[2001:db8::1]:"}, "10.9.9.9"},
      {{"[[2001:db8::1]]"}, "10.9.9.9"},
      {{"[]"}, "10.9.9.9"},
      {{"["}, "10.9.9.9"},
      {{"]"}, "10.9.9.9"},
      {{"fe80::1%eth0"}, "10.9.9.9"},
      {{"[fe80::1%25eth0]:80"}, "10.9.9.9"},
      {{"%31.1.1.1"}, "10.9.9.9"},
      // Empty elements are none.
      {{}, "10.9.9.9"},
      {{""}, "10.9.9.9"},
      {{" , ,,\t,"}, "10.9.9.9"},
      {{"203.0.113.1,"}, "203.0.113.1"},
      {{",,203.0.113.1, ,, 10.0.0.7 ,"}, "203.0.113.1"},
      // Several fields are one list, in their order.
      {{"1.1.1.1", "203.0.113.1"}, "203.0.113.1"},
      {{"203.0.113.1", "10.0.0.7"}, "203.0.113.1"},
      {{"1.1.1.1, 203.0.113.1", "", "10.0.0.8, 10.0.0.7"}, "203.0.113.1"},
      {{"203.0.113.1", "unknown", "10.0.0.7"}, "10.0.0.7"},
      {{"203.0.113.1", "10.0.0.7, unknown"}, "10.9.9.9"},
      {{"10.0.0.5", "10.0.0.6"}, "10.0.0.5"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.fields);
    const ClientAddress client = client_address(peer_of("10.9.9.9"), fields_of(row.fields), trusted);
    CHECK(client.text() == row.client);
    CHECK(client.trusted_peer);
    CHECK_FALSE(client.exempt);
    // The same from a peer that nobody trusts counts for nothing.
    const ClientAddress stranger = client_address(peer_of("198.51.100.1"), fields_of(row.fields), trusted);
    CHECK(stranger.text() == "198.51.100.1");
    CHECK_FALSE(stranger.trusted_peer);
  }
}

TEST_CASE("client: the field's name has any case; names that look like it are others") {
  const TrustedProxies trusted = trusting({"10.0.0.1"});
  for (const std::string_view name : {"x-forwarded-for", "X-FORWARDED-FOR"}) {
    CHECK(client_address(peer_of("10.0.0.1"), {{name, "203.0.113.1"}}, trusted).text() == "203.0.113.1");
  }
  for (const std::string_view name : {"X_Forwarded_For", "X-Forwarded-Fo", "X-Forwarded-For2", "Forwarded", "Via"}) {
    CHECK(client_address(peer_of("10.0.0.1"), {{name, "203.0.113.1"}}, trusted).text() == "10.0.0.1");
  }
}

TEST_CASE("client: loopback and Unix peers are exempt, unless they are trusted proxies that forward") {
  const struct {
    std::string_view peer;
    std::initializer_list<std::string_view> trusted;
    std::vector<std::string_view> fields;
    std::string_view client;
    bool exempt, trusted_peer;
  } rows[] = {
      {"127.0.0.1", {}, {}, "127.0.0.1", true, false},
      {"127.8.8.8", {}, {}, "127.8.8.8", true, false},
      {"::1", {}, {}, "::1", true, false},
      {"::ffff:127.0.0.1", {}, {}, "127.0.0.1", true, false},
      {"unix", {}, {}, "unix", true, false},
      {"127.0.0.1", {}, {"203.0.113.1"}, "127.0.0.1", true, false},
      {"unix", {"0.0.0.0/0", "::/0"}, {"203.0.113.1"}, "unix", true, false},
      {"127.0.0.1", {"unix"}, {"203.0.113.1"}, "127.0.0.1", true, false},
      {"127.0.0.1", {"127.0.0.1"}, {}, "127.0.0.1", true, true},
      {"unix", {"unix"}, {}, "unix", true, true},
      {"127.0.0.1", {"127.0.0.1"}, {"203.0.113.1"}, "203.0.113.1", false, true},
      {"unix", {"unix"}, {"203.0.113.1"}, "203.0.113.1", false, true},
      // A proxy's word never makes anybody exempt: not a loopback address, not garbage, not an empty field.
      {"127.0.0.1", {"127.0.0.1"}, {"127.0.0.1"}, "127.0.0.1", false, true},
      {"127.0.0.1", {"127.0.0.0/8"}, {"127.0.0.2, 127.0.0.3"}, "127.0.0.2", false, true},
      {"10.0.0.1", {"10.0.0.1"}, {"127.0.0.1"}, "127.0.0.1", false, true},
      {"127.0.0.1", {"127.0.0.1"}, {"unknown"}, "127.0.0.1", false, true},
      {"127.0.0.1", {"127.0.0.1"}, {""}, "127.0.0.1", false, true},
      {"unix", {"unix"}, {"unix"}, "unix", false, true},
      {"10.0.0.1", {"10.0.0.1"}, {}, "10.0.0.1", false, true},
      {"203.0.113.1", {}, {}, "203.0.113.1", false, false},
      {"203.0.113.1", {}, {"127.0.0.1"}, "203.0.113.1", false, false},
      {"2001:db8::1", {}, {}, "2001:db8::1", false, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.peer);
    CAPTURE(row.fields);
    const ClientAddress client = client_address(peer_of(row.peer), fields_of(row.fields), trusting(row.trusted));
    CHECK(client.text() == row.client);
    CHECK(client.exempt == row.exempt);
    CHECK(client.trusted_peer == row.trusted_peer);
  }
}

TEST_CASE("client: a head full of hops is walked to its end") {
  const TrustedProxies trusted = trusting({"10.0.0.0/8"});
  std::string hops = "203.0.113.1";
  std::string garbage = "203.0.113.1, unknown";
  while (hops.size() < 8192) {
    hops += ",10.0.0.1";
    garbage += ",10.0.0.1";
  }
  CHECK(client_address(peer_of("10.0.0.2"), fields_of({hops}), trusted).text() == "203.0.113.1");
  CHECK(client_address(peer_of("10.0.0.2"), fields_of({garbage}), trusted).text() == "10.0.0.1");
  CHECK(client_address(peer_of("10.0.0.2"), fields_of({std::string(8192, ',')}), trusted).text() == "10.0.0.2");
}

TEST_CASE("client: limits count an unnamed client behind a Unix socket as one, and all others by their prefix") {
  const TrustedProxies trusted = trusting({"unix"});
  const auto prefix = [&trusted](std::string_view hop) {
    return client_address(peer_of("unix"), fields_of({hop}), trusted).prefix();
  };
  CHECK(prefix("unknown") == prefix(""));
  CHECK(prefix("unknown") != prefix("203.0.113.1"));
  CHECK(prefix("2001:db8::1") == prefix("2001:db8::2"));
  CHECK(prefix("203.0.113.1") != prefix("203.0.113.2"));
}

TEST_CASE("client: connections are counted by prefix, but for loopback, Unix sockets and trusted proxies") {
  const TrustedProxies trusted = trusting({"10.0.0.1"});
  for (const std::string_view peer : {"127.0.0.1", "::1", "unix", "10.0.0.1"}) {
    CAPTURE(peer);
    CHECK_FALSE(connection_prefix(peer_of(peer), trusted));
  }
  for (const std::string_view peer : {"10.0.0.2", "2001:db8::1", "203.0.113.1"}) {
    CAPTURE(peer);
    CHECK(connection_prefix(peer_of(peer), trusted) == peer_of(peer).ip->client_prefix());
  }
}

TEST_CASE("proxies: what is neither a range nor the word unix is refused and changes nothing") {
  TrustedProxies trusted;
  for (const std::string_view text : {"", "UNIX", "unix:", "10.0.0.1/8", "localhost", "*", "0.0.0.0/0,::/0"}) {
    CAPTURE(text);
    const Result<void> added = trusted.add(text);
    REQUIRE_FALSE(added);
    CHECK(added.error().code == Errc::kInvalidArgument);
    CHECK_FALSE(added.error().detail.empty());
  }
  CHECK_FALSE(trusted.contains(peer_of("unix")));
  CHECK_FALSE(trusted.contains(peer_of("10.0.0.1")));
}

}  // namespace disposable
