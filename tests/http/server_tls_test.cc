// Goal: through TLS a connection is what it is without, and whoever does not speak it costs nothing. Method: OpenSSL's
// client over a real socket, its records carried by the test.

#include <doctest/doctest.h>

#include "http/raw_client.h"
#include "http/tls_fixture.h"

namespace disposable {

using namespace std::chrono_literals;

namespace {

class SecureClient final : public RawClient {
 public:
  // `drips`: every byte is sent for itself.
  explicit SecureClient(int port, int version = TLS1_3_VERSION, bool drips = false) : RawClient(port), drips_(drips) {
    SSL_set_max_proto_version(tls_.ssl(), version);
  }

  bool shake_hands() {
    while (!tls_.handshake()) {
      flush();
      if (tls_.failed() || !fill()) {
        return false;
      }
    }
    flush();
    return true;
  }
  void send_hello() {
    tls_.handshake();
    flush();
  }
  // The server has answered the hello.
  bool has_flight() { return fill(); }

  void send(std::string_view text) override {
    REQUIRE(SSL_write(tls_.ssl(), text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size()));
    flush();
  }
  // Of the server's certificate.
  std::string common_name() {
    const Certificate certificate(SSL_get1_peer_certificate(tls_.ssl()));
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof(name));
    return name;
  }
  // The server has said that nothing more comes, so that nobody can have cut it off.
  bool closed_properly() { return (SSL_get_shutdown(tls_.ssl()) & SSL_RECEIVED_SHUTDOWN) != 0; }

 private:
  std::string receive_some() override {
    for (;;) {
      std::string text(65536, '\0');
      const int count = SSL_read(tls_.ssl(), text.data(), static_cast<int>(text.size()));
      const bool more = count > 0 || SSL_get_error(tls_.ssl(), count) == SSL_ERROR_WANT_READ;
      ERR_clear_error();
      if (count > 0 || !more || !fill()) {
        text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return text;
      }
    }
  }
  void flush() {
    for (std::string out; !(out = tls_.take_output()).empty();) {
      for (std::size_t sent = 0; sent < out.size(); sent += drips_ ? 1 : out.size()) {
        RawClient::send(std::string_view(out).substr(sent, drips_ ? 1 : out.size()));
      }
    }
  }
  bool fill() {
    const std::string in = RawClient::receive_some();
    return !in.empty() && BIO_write(SSL_get_rbio(tls_.ssl()), in.data(), static_cast<int>(in.size())) > 0;
  }

  TlsClient tls_;
  const bool drips_;
};

struct Fixture {
  explicit Fixture(const Limits& limits = {})
      : server(api.api, api.store(), {.workers = 4, .settings = {limits, {}}}, &tls) {}

  NoBrokenPipeSignal no_signal;
  TemporaryFolder folder;
  CurrentTlsContext tls{load_context(make_files(folder, "first"))};
  ApiFixture api;
  RunningServer server;
};

constexpr std::string_view kCreate = "/api/v1/secret";

std::string secret_path_in(const std::string& created) {
  REQUIRE(status_of(created) == 200);
  return std::string(kCreate) + "/" + created.substr(created.find("\r\n\r\n") + 4 + 15, SecretKey::kTextSize);
}

}  // namespace

TEST_CASE("server over TLS: the whole way over one connection, in one piece and byte by byte") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const bool drips : {false, true}) {
      CAPTURE(version);
      CAPTURE(drips);
      Fixture fixture;
      SecureClient client(fixture.server.port, version, drips);
      REQUIRE(client.shake_hands());
      client.send(request("POST", kCreate, R"({"secret":"s"})"));
      const std::string path = secret_path_in(client.receive());
      client.send(request("GET", path) + request("GET", path) + request("HEAD", "/healthz"));
      CHECK(client.receive().ends_with(R"({"secret":"s"})"));
      CHECK(status_of(client.receive()) == 410);
      CHECK(status_of(client.receive(/*with_body=*/false)) == 200);
      client.send("nonsense\n");
      CHECK(status_of(client.receive()) == 400);
      CHECK(client.receive_all().empty());
      CHECK(client.closed_properly());
      CHECK(fixture.api.vault.history() == std::vector<std::string>{"created 127.0.0.1", "retrieved 127.0.0.1"});
    }
  }
}

TEST_CASE("server over TLS: bodies and answers of many records") {
  NoBrokenPipeSignal no_signal;
  const TemporaryFolder folder;
  const CurrentTlsContext tls(load_context(make_files(folder)));
  VaultFixture parts;
  const Api api{Api::Parts{parts.vault, [] { return Readiness{}; }}};
  RunningServer server(api, parts.store, {.workers = 2}, &tls);
  SecureClient client(server.port);
  REQUIRE(client.shake_hands());
  const std::string body = R"({"secret":")" + std::string(1024UL * 1024, 's') + R"("})";
  client.send(request("POST", kCreate, body));
  client.send(request("GET", secret_path_in(client.receive())) + request("GET", "/healthz"));
  CHECK(client.receive().ends_with("\r\n\r\n" + body));
  CHECK(status_of(client.receive()) == 200);
}

TEST_CASE("server over TLS: whoever does not speak it is closed, without a word of HTTP") {
  Fixture fixture;
  for (const std::string& bytes :
       {request("GET", "/healthz"), std::string("\x16\x03\x01\x00\x00", 5), std::string("\x80")}) {
    RawClient client(fixture.server.port);
    client.send(bytes);
    CHECK(client.receive_all().empty());
  }
  SecureClient old(fixture.server.port, TLS1_1_VERSION);
  CHECK(!old.shake_hands());
}

TEST_CASE("server over TLS: a handshake that does not come to its end is dropped in time") {
  Limits limits;
  limits.handshake_max = 50ms;
  Fixture fixture(limits);
  RawClient silent(fixture.server.port);
  RawClient half_a_record(fixture.server.port);
  half_a_record.send(std::string_view("\x16\x03\x01\x02\x00\x01", 6));
  SecureClient half_way(fixture.server.port);
  half_way.send_hello();
  CHECK(half_way.has_flight());
  CHECK(silent.receive_all().empty());
  CHECK(half_a_record.receive_all().empty());
  CHECK(half_way.receive_all().empty());
}

TEST_CASE("server over TLS: a part of a record is the begin of a request, and has no more time") {
  Limits limits;
  limits.head_max = 500ms;
  Fixture fixture(limits);
  for (const std::string_view part : {"\x17", "\x17\x03\x03\x3f\xff", "\x17\x03\x03\x3f\xff\x01\x02"}) {
    CAPTURE(part.size());
    SecureClient client(fixture.server.port);
    REQUIRE(client.shake_hands());
    client.send(request("GET", "/healthz"));
    CHECK(status_of(client.receive()) == 200);  // and from here on it may be idle for a minute
    client.RawClient::send(part);
    CHECK(status_of(client.receive()) == 408);
    CHECK(client.receive_all().empty());
  }
}

TEST_CASE("server over TLS: of too many handshakes the oldest makes room, and none that is over counts") {
  Limits limits;
  limits.handshakes_max = 1;
  Fixture fixture(limits);
  SecureClient done(fixture.server.port);
  REQUIRE(done.shake_hands());
  done.send(request("GET", "/healthz"));
  CHECK(status_of(done.receive()) == 200);
  SecureClient oldest(fixture.server.port);
  oldest.send_hello();
  REQUIRE(oldest.has_flight());
  SecureClient newest(fixture.server.port);
  newest.send_hello();
  REQUIRE(newest.has_flight());
  CHECK(oldest.receive_all().empty());
  CHECK(newest.shake_hands());
  for (SecureClient* const client : {&newest, &done}) {
    client->send(request("GET", "/healthz"));
    CHECK(status_of(client->receive()) == 200);
  }
}

TEST_CASE("server over TLS: a new certificate holds for new connections and disturbs no other") {
  Fixture fixture;
  SecureClient before(fixture.server.port);
  REQUIRE(before.shake_hands());
  SecureClient between(fixture.server.port);
  between.send_hello();
  REQUIRE(between.has_flight());
  REQUIRE(fixture.tls
              .reload(make_files(fixture.folder, "second"),
                      std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now()))
              .has_value());
  SecureClient after(fixture.server.port);
  REQUIRE(after.shake_hands());
  REQUIRE(between.shake_hands());
  CHECK(before.common_name() == "first");
  CHECK(between.common_name() == "first");
  CHECK(after.common_name() == "second");
  for (SecureClient* const client : {&before, &between, &after}) {
    client->send(request("GET", "/healthz"));
    CHECK(status_of(client->receive()) == 200);
  }
}

}  // namespace disposable
