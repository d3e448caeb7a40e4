// Goal: a session speaks what it should and nothing weaker, never blocks, whatever the pieces its bytes come in, and
// always says in what state the connection is.

#include "http/tls_session.h"

#include <vector>

#include "http/tls_fixture.h"

namespace disposable {

namespace {

std::shared_ptr<const TlsContext> make_context(const Key& key = make_ec_key()) {
  const TemporaryFolder folder;
  return load_context(make_files(folder, "localhost", key));
}

// A client and a server that have shaken hands.
struct Connected {
  explicit Connected(int version = TLS1_3_VERSION) {
    SSL_set_max_proto_version(client.ssl(), version);
    REQUIRE(shake_hands(client, server) == TlsStatus::kDone);
    REQUIRE(SSL_version(client.ssl()) == version);
  }

  TlsStatus read_to_end(std::string* text = nullptr) {
    TlsStatus status = TlsStatus::kDone;
    const std::string read = read_all(server, &status);
    if (text != nullptr) {
      *text = read;
    }
    return status;
  }

  NoBrokenPipeSignal no_signal;
  TlsClient client;
  std::shared_ptr<const TlsContext> context = make_context();
  TlsSession server{*context, client.server_socket.get()};
};

}  // namespace

TEST_CASE("tls session: every suite of the two versions works, and the server's order counts") {
  struct Row {
    int version;
    bool rsa;
    const char* offered;
    const char* chosen;
  };
  const Row rows[] = {
      {TLS1_3_VERSION, false, "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"},
      {TLS1_3_VERSION, true, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"},
      {TLS1_3_VERSION, false, "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"},
      {TLS1_2_VERSION, false, "ALL", "ECDHE-ECDSA-AES128-GCM-SHA256"},
      {TLS1_2_VERSION, true, "ALL", "ECDHE-RSA-AES128-GCM-SHA256"},
      {TLS1_2_VERSION, false, "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
      {TLS1_2_VERSION, true, "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
      {TLS1_2_VERSION, false, "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256",
       "ECDHE-ECDSA-CHACHA20-POLY1305"},
      {TLS1_2_VERSION, true, "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-GCM-SHA256"},
  };
  const auto ec = make_context();
  const auto rsa = make_context(make_rsa_key());
  for (const Row& row : rows) {
    CAPTURE(row.offered);
    TlsClient client;
    SSL_set_max_proto_version(client.ssl(), row.version);
    const auto set_suites = row.version == TLS1_3_VERSION ? SSL_set_ciphersuites : SSL_set_cipher_list;
    REQUIRE(set_suites(client.ssl(), row.offered) == 1);
    TlsSession server(row.rsa ? *rsa : *ec, client.server_socket.get());
    CHECK(shake_hands(client, server) == TlsStatus::kDone);
    CHECK(SSL_get_cipher_name(client.ssl()) == std::string(row.chosen));
    client.write("to the server");
    CHECK(read_all(server) == "to the server");
    const TlsProgress written = server.write(as_bytes("to the client"));
    CHECK(written.status == TlsStatus::kDone);
    CHECK(written.bytes == 13);
    CHECK(client.read() == "to the client");
  }
}

TEST_CASE("tls session: what is weak or not for us is refused, and the client is told") {
  struct Row {
    const char* what;
    int version;
    const char* suites;
    const char* groups;
    const char* protocol;  // of ALPN
    bool accepted;
  };
  const Row rows[] = {
      {"TLS 1.0", TLS1_VERSION, "ALL", nullptr, nullptr, false},
      {"TLS 1.1", TLS1_1_VERSION, "ALL", nullptr, nullptr, false},
      {"CBC", TLS1_2_VERSION, "ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES128-SHA", nullptr, nullptr, false},
      {"CCM", TLS1_2_VERSION, "AESCCM", nullptr, nullptr, false},
      {"static RSA", TLS1_2_VERSION, "kRSA", nullptr, nullptr, false},
      {"finite fields", TLS1_2_VERSION, "DHE-RSA-AES128-GCM-SHA256", nullptr, nullptr, false},
      {"no authentication", TLS1_2_VERSION, "aNULL", nullptr, nullptr, false},
      {"P-521", TLS1_3_VERSION, "ALL", "P-521", nullptr, false},
      {"ffdhe2048", TLS1_3_VERSION, "ALL", "ffdhe2048", nullptr, false},
      {"h2 only", TLS1_3_VERSION, "ALL", nullptr, "\x02h2", false},
      {"h2 only, 1.2", TLS1_2_VERSION, "ALL", nullptr, "\x02h2", false},
      {"h2 or http/1.1", TLS1_3_VERSION, "ALL", nullptr, "\x02h2\x08http/1.1", true},
      {"P-521, X25519", TLS1_3_VERSION, "ALL", "P-521:X25519", nullptr, true},
      {"P-384", TLS1_2_VERSION, "ALL", "P-384", nullptr, true},
  };
  const auto context = make_context(make_rsa_key());
  for (const Row& row : rows) {
    CAPTURE(row.what);
    TlsClient client;
    SSL_set_max_proto_version(client.ssl(), row.version);
    REQUIRE(SSL_set_cipher_list(client.ssl(), row.suites) == 1);
    REQUIRE((row.groups == nullptr || SSL_set1_groups_list(client.ssl(), row.groups) == 1));
    if (row.protocol != nullptr) {
      const ByteView offered = as_bytes(row.protocol);
      SSL_set_alpn_protos(client.ssl(), offered.data(), static_cast<unsigned int>(offered.size()));
    }
    TlsSession server(*context, client.server_socket.get());
    CHECK(shake_hands(client, server) == (row.accepted ? TlsStatus::kDone : TlsStatus::kFailed));
    CHECK(client.failed() == !row.accepted);
    CHECK(ERR_peek_error() == 0);
    if (row.accepted && row.protocol != nullptr) {
      const unsigned char* selected = nullptr;
      unsigned int size = 0;
      SSL_get0_alpn_selected(client.ssl(), &selected, &size);
      CHECK(as_text({selected, size}) == "http/1.1");
    }
  }
}

TEST_CASE("tls session: nothing of a connection is kept for the next") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    Connected first(version);
    CHECK(first.client.read().empty());  // a ticket would come here
    SSL_SESSION* session = SSL_get0_session(first.client.ssl());
    CHECK(SSL_SESSION_is_resumable(session) == 0);
    unsigned int id_size = 0;
    SSL_SESSION_get_id(session, &id_size);
    CHECK((version == TLS1_3_VERSION || id_size == 0));
  }
}

TEST_CASE("tls session: byte by byte in both directions") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    TlsClient client;
    SSL_set_max_proto_version(client.ssl(), version);
    const auto context = make_context();
    TlsSession server(*context, client.server_socket.get());
    TlsStatus status = TlsStatus::kWantsRead;
    while (status != TlsStatus::kDone) {
      client.handshake();
      const std::string records = client.take_output();
      REQUIRE(!records.empty());
      for (const char& byte : records) {
        REQUIRE(status == TlsStatus::kWantsRead);
        client.send_raw({&byte, 1});
        status = server.handshake().status;
      }
      client.carry();
    }
    REQUIRE(client.handshake());
    SSL_write(client.ssl(), "GET / HTTP/1.1", 14);
    const std::string record = client.take_output();
    for (std::size_t i = 0; i + 1 < record.size(); ++i) {
      client.send_raw(record.substr(i, 1));
      REQUIRE(read_all(server, &status).empty());
      REQUIRE(status == TlsStatus::kWantsRead);
    }
    client.send_raw(record.substr(record.size() - 1));
    std::uint8_t byte = 0;
    std::string text;
    while (server.read({&byte, 1}).status == TlsStatus::kDone) {
      text += static_cast<char>(byte);
    }
    CHECK(text == "GET / HTTP/1.1");
  }
}

TEST_CASE("tls session: a response that the peer does not read waits, also when its buffer moves, and arrives whole") {
  Connected connected;
  std::string response(2'000'000, 'x');
  for (std::size_t i = 0; i < response.size(); ++i) {
    response[i] = static_cast<char>('a' + i % 23);
  }
  std::string received;
  std::size_t sent = 0;
  int waits = 0;
  while (sent < response.size()) {
    const Bytes moved(response.begin() + static_cast<std::ptrdiff_t>(sent), response.end());
    const TlsProgress progress = connected.server.write(moved);
    if (progress.status == TlsStatus::kWantsWrite) {
      ++waits;
      received += connected.client.read();
      continue;
    }
    REQUIRE(progress.status == TlsStatus::kDone);
    REQUIRE(progress.bytes > 0);
    sent += progress.bytes;
  }
  received += connected.client.read();
  CHECK(waits > 1);
  CHECK(received == response);
}

TEST_CASE("tls session: the end of a connection, in every way it can come") {
  SUBCASE("close_notify: the peer closes, and can still be answered") {
    Connected connected;
    SSL_shutdown(connected.client.ssl());
    connected.client.carry();
    CHECK(connected.read_to_end() == TlsStatus::kClosed);
    CHECK(connected.server.write(as_bytes("late")).status == TlsStatus::kDone);
    CHECK(connected.server.close_notify().status == TlsStatus::kDone);
  }
  SUBCASE("close_notify: we close") {
    Connected connected;
    CHECK(connected.server.write(as_bytes("last")).status == TlsStatus::kDone);
    CHECK(connected.server.close_notify().status == TlsStatus::kDone);
    CHECK(connected.client.read() == "last");
    CHECK(SSL_get_shutdown(connected.client.ssl()) == SSL_RECEIVED_SHUTDOWN);
  }
  SUBCASE("the stream just ends, after a request") {
    Connected connected;
    connected.client.write("request");
    connected.client.socket.reset();
    std::string text;
    CHECK(connected.read_to_end(&text) == TlsStatus::kClosed);
    CHECK(text == "request");
  }
  SUBCASE("the stream ends within a record") {
    Connected connected;
    SSL_write(connected.client.ssl(), "request", 7);
    connected.client.send_raw(connected.client.take_output(20));
    connected.client.socket.reset();
    std::string text;
    CHECK(connected.read_to_end(&text) == TlsStatus::kClosed);
    CHECK(text.empty());
  }
  SUBCASE("the peer is gone when we write") {
    Connected connected;
    connected.client.socket.reset();
    CHECK(connected.server.write(as_bytes("nobody hears")).status == TlsStatus::kClosed);
  }
  SUBCASE("the stream ends within the handshake") {
    TlsClient client;
    const auto context = make_context();
    TlsSession server(*context, client.server_socket.get());
    client.handshake();
    client.send_raw(client.take_output(50));
    CHECK(server.handshake().status == TlsStatus::kWantsRead);
    client.socket.reset();
    CHECK(server.handshake().status == TlsStatus::kClosed);
  }
  SUBCASE("bytes that are no record, in the handshake") {
    TlsClient client;
    const auto context = make_context();
    TlsSession server(*context, client.server_socket.get());
    client.send_raw("GET / HTTP/1.1\r\n\r\n");
    CHECK(server.handshake().status == TlsStatus::kFailed);
  }
  SUBCASE("bytes that are no record, later") {
    Connected connected;
    connected.client.send_raw("GET / HTTP/1.1\r\n\r\n");
    CHECK(connected.read_to_end() == TlsStatus::kFailed);
  }
  SUBCASE("a record with one bit changed") {
    Connected connected;
    SSL_write(connected.client.ssl(), "request", 7);
    std::string record = connected.client.take_output();
    record.back() = static_cast<char>(record.back() ^ 1);
    connected.client.send_raw(record);
    std::string text;
    CHECK(connected.read_to_end(&text) == TlsStatus::kFailed);
    CHECK(text.empty());
  }
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("tls session: a client may renew its keys, but not keep us busy with it") {
  Connected connected;
  for (int i = 0; i < 5; ++i) {
    REQUIRE(SSL_key_update(connected.client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
    connected.client.write("x");
  }
  CHECK(read_all(connected.server) == "xxxxx");
  for (int i = 0; i < 200; ++i) {
    SSL_key_update(connected.client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(connected.client.ssl());
    connected.client.carry();
  }
  TlsStatus status = TlsStatus::kDone;
  CHECK(read_all(connected.server, &status).empty());
  CHECK(status == TlsStatus::kClosed);
}

TEST_CASE("tls session: renegotiation is refused") {
  Connected connected(TLS1_2_VERSION);
  REQUIRE(SSL_renegotiate(connected.client.ssl()) == 1);
  SSL_do_handshake(connected.client.ssl());
  connected.client.carry();
  CHECK(connected.read_to_end() == TlsStatus::kWantsRead);
  connected.client.carry();
  CHECK(SSL_do_handshake(connected.client.ssl()) == -1);
  CHECK(ERR_GET_REASON(ERR_get_error()) == SSL_R_NO_RENEGOTIATION);
}

TEST_CASE("first record: needs more, is complete, or is not TLS") {
  const auto record = [](std::size_t length, std::size_t present) {
    std::string bytes{"\x16\x03\x01"};
    bytes += static_cast<char>(length >> 8U);
    bytes += static_cast<char>(length & 0xffU);
    bytes += '\x01';
    bytes.resize(5 + present, '\0');
    return bytes;
  };
  using Kind = FirstRecord::Kind;
  struct Row {
    std::string bytes;
    Kind kind;
    std::size_t needed;
  };
  const Row rows[] = {
      {"", Kind::kNeedMore, 5},
      {"\x16", Kind::kNeedMore, 5},
      {"\x16\x03\x01\x02", Kind::kNeedMore, 5},
      {record(512, 0), Kind::kNeedMore, 517},
      {record(512, 511), Kind::kNeedMore, 517},
      {record(512, 512), Kind::kComplete, 0},
      {record(512, 600), Kind::kComplete, 0},
      {record(1, 1), Kind::kComplete, 0},
      {record(16384, 16383), Kind::kNeedMore, 16389},
      {record(16384, 16384), Kind::kComplete, 0},
      {record(16385, 3), Kind::kNotTls, 0},
      {record(0, 0), Kind::kNotTls, 0},
      {std::string("\x16\x03\x04\x00\x01\x01", 6), Kind::kComplete, 0},
      {std::string("\x16\x03\x05\x00\x01\x01", 6), Kind::kNotTls, 0},
      {std::string("\x16\x02\x00\x00\x01\x01", 6), Kind::kNotTls, 0},
      {std::string("\x16\x03\x01\x00\x01\x02", 6), Kind::kNotTls, 0},  // a ServerHello
      {std::string("\x80\x2e\x01\x03\x01", 5), Kind::kNotTls, 0},      // SSL 2
      {"\x17\x03\x03", Kind::kNotTls, 0},
      {"G", Kind::kNotTls, 0},
      {"GET / HTTP/1.1\r\n", Kind::kNotTls, 0},
      {"PROXY TCP4", Kind::kNotTls, 0},
      {"\r\n", Kind::kNotTls, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(to_hex(as_bytes(row.bytes.substr(0, 8))));
    const FirstRecord seen = first_record(as_bytes(row.bytes));
    CHECK(seen.kind == row.kind);
    CHECK(seen.bytes_needed == row.needed);
  }
}

TEST_CASE("first record: a real ClientHello is complete with its last byte") {
  TlsClient client;
  client.handshake();
  const std::string hello = client.take_output();
  for (std::size_t size = 0; size < hello.size(); ++size) {
    REQUIRE(first_record(as_bytes(hello.substr(0, size))).kind == FirstRecord::Kind::kNeedMore);
  }
  CHECK(first_record(as_bytes(hello)).kind == FirstRecord::Kind::kComplete);
}

}  // namespace disposable
