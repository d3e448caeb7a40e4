// Goal: over TLS the server is the one that the URL names, or nothing is said to it.

#include <doctest/doctest.h>

#include "contract/harness.h"
#include "store/redis/redis_tls.h"
#include "support/certificates.h"

namespace disposable {
namespace {

// A certificate that signs itself, with its key, as files.
struct Identity {
  Identity(const TemporaryFolder& folder, const std::string& name, const char* names) {
    const Key made = make_ec_key();
    certificate = write_certificate(folder / (name + ".pem"), make_certificate(made, name.c_str(), -3600, 3600, names));
    key = write_key(folder / (name + ".key"), made);
  }
  std::string certificate;
  std::string key;
};

struct TlsRedis {
  TemporaryFolder folder;
  Identity server{folder, "server", "DNS:localhost,IP:127.0.0.1"};
  Identity client{folder, "client", "DNS:client"};
  std::uint16_t port = free_port();
  RedisProcess redis{{"--tls-port", std::to_string(port), "--tls-cert-file", server.certificate, "--tls-key-file",
                      server.key, "--tls-ca-cert-file", client.certificate, "--tls-auth-clients", "optional"}};

  std::string url(const std::string& host, const std::string& options) const {
    return "rediss://" + host + ":" + std::to_string(port) + "?timeout_ms=1000&" + options;
  }
  std::string opening(const std::string& url) {
    RedisHarness harness(redis, url);
    const auto opened = harness.try_open();
    return opened ? "ok" : opened.error().detail;
  }
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("tls: the server's certificate must be signed by somebody trusted and be for the name in the URL") {
  TlsRedis tls;
  const std::string trusted = "cacert=" + tls.server.certificate;
  CHECK(tls.opening(tls.url("localhost", trusted)) == "ok");
  CHECK(tls.opening(tls.url("127.0.0.1", trusted)) == "ok");
  CHECK(has(tls.opening(tls.url("127.0.0.1", trusted + "&servername=redis.example")), "for another name"));
  CHECK(has(tls.opening(tls.url("127.0.0.2", trusted)), "127.0.0.2"));  // nobody listens
  CHECK(has(tls.opening(tls.url("localhost", "prefix=p")), "signed by nobody we trust"));
  CHECK(has(tls.opening(tls.url("localhost", "cacert=" + tls.client.certificate)), "signed by nobody we trust"));
  CHECK(has(tls.opening(tls.url("localhost", "cacert=/nowhere")), "cannot use the certificates in /nowhere"));
}

TEST_CASE("tls: an address must be in the certificate as an address") {
  TemporaryFolder folder;
  const Identity named(folder, "named", "DNS:127.0.0.1,DNS:localhost");
  const std::uint16_t port = free_port();
  const RedisProcess redis({"--tls-port", std::to_string(port), "--tls-cert-file", named.certificate, "--tls-key-file",
                            named.key, "--tls-auth-clients", "no", "--tls-ca-cert-file", named.certificate});
  const std::string rest = ":" + std::to_string(port) + "?cacert=" + named.certificate;
  RedisHarness by_address(redis, "rediss://127.0.0.1" + rest);
  CHECK(has(by_address.try_open().error().detail, "for another name"));
  RedisHarness by_name(redis, "rediss://localhost" + rest);
  CHECK(by_name.try_open().has_value());
}

TEST_CASE("tls: plain and TLS ports are told apart, in both directions, and in time") {
  TlsRedis tls;
  RedisHarness harness(tls.redis, "redis://127.0.0.1:" + std::to_string(tls.port) + "?timeout_ms=300");
  CHECK_FALSE(harness.try_open().has_value());
  harness.url = "rediss://127.0.0.1:" + std::to_string(tls.redis.port()) + "?timeout_ms=300&connect_timeout_ms=300";
  CHECK_FALSE(harness.try_open().has_value());
}

TEST_CASE("tls: a server that wants a certificate gets ours, and large payloads pass") {
  TlsRedis tls;
  REQUIRE(tls.redis.say({"CONFIG", "SET", "tls-auth-clients", "yes"}) == "OK");
  const std::string trusted = "cacert=" + tls.server.certificate;
  CHECK(has(tls.opening(tls.url("localhost", trusted)), "TLS failed"));
  RedisHarness harness(tls.redis,
                       tls.url("localhost", trusted + "&cert=" + tls.client.certificate + "&key=" + tls.client.key));
  harness.reopen();
  const Bytes payload(300'000, 7);
  REQUIRE(harness.store().insert(test_id(1), test_entry("r", 1), payload, {}).has_value());
  CHECK(*harness.store().load_payload(test_id(1)) == payload);

  harness.url = tls.url("localhost", trusted + "&cert=" + tls.client.certificate + "&key=" + tls.server.key);
  CHECK(has(harness.try_open().error().detail, "the Redis client key"));
  ::chmod(tls.client.key.c_str(), 0644);
  harness.url = tls.url("localhost", trusted + "&cert=" + tls.client.certificate + "&key=" + tls.client.key);
  CHECK(has(harness.try_open().error().detail, tls.client.key));
}

}  // namespace
}  // namespace disposable
