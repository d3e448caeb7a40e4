// A TLS client whose bytes the test carries itself, and certificates for its server.

#pragma once

#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>

#include "base/file_descriptor.h"
#include "http/tls_context.h"
#include "http/tls_session.h"
#include "support/certificates.h"
#include "support/temporary_folder.h"

namespace disposable {

using SslContext = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, FreeWith<SSL_free>>;

// A certificate and its key in `folder`.
inline TlsContext::Files make_files(const TemporaryFolder& folder, const char* name = "localhost",
                                    const Key& key = make_ec_key()) {
  return {write_certificate(folder / (std::string(name) + ".pem"), make_certificate(key, name)),
          write_key(folder / (std::string(name) + ".key"), key)};
}

inline std::shared_ptr<const TlsContext> load_context(const TlsContext::Files& files) {
  const Result<std::shared_ptr<const TlsContext>> context = TlsContext::load(files);
  REQUIRE_MESSAGE(context.has_value(), (context ? "" : context.error().detail));
  return *context;
}

// A client that accepts any version, suite and certificate unless the test narrows it, and the socket whose other end
// is the server's. Its records go out and come in only when the test says so.
class TlsClient {
 public:
  TlsClient() : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
    int pair[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    socket.reset(pair[0]);
    server_socket.reset(pair[1]);
  }

  SSL* ssl() { return ssl_.get(); }

  // Records that wait to be sent.
  std::string take_output(std::size_t size_max = 1U << 20U) {
    std::string out(size_max, '\0');
    const int count = BIO_read(SSL_get_wbio(ssl_.get()), out.data(), static_cast<int>(size_max));
    out.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return out;
  }
  void send_raw(std::string_view bytes) {
    REQUIRE(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }
  // Everything between the socket and the records, both ways. False when nothing moved.
  bool carry() {
    const std::string out = take_output();
    if (!out.empty()) {
      send_raw(out);
    }
    std::string in(1U << 16U, '\0');
    const ssize_t count = ::recv(socket.get(), in.data(), in.size(), 0);
    if (count > 0) {
      BIO_write(SSL_get_rbio(ssl_.get()), in.data(), static_cast<int>(count));
    }
    return !out.empty() || count > 0;
  }

  bool handshake() {
    const int result = SSL_do_handshake(ssl_.get());
    failed_ = result != 1 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_SSL;
    ERR_clear_error();
    return result == 1;
  }
  bool failed() const { return failed_; }

  void write(std::string_view text) {
    REQUIRE(SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size()));
    carry();
  }
  // What has arrived.
  std::string read() {
    std::string all;
    do {
      char bytes[4096];
      for (int count = 0; (count = SSL_read(ssl_.get(), bytes, sizeof(bytes))) > 0;) {
        all.append(bytes, static_cast<std::size_t>(count));
      }
      ERR_clear_error();
    } while (carry());
    return all;
  }

  FileDescriptor socket;
  FileDescriptor server_socket;

 private:
  SslContext context_;
  Ssl ssl_;
  bool failed_ = false;
};

// As in the process: a write to a connection that is gone is an error, not a signal.
class NoBrokenPipeSignal {
 public:
  NoBrokenPipeSignal() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
  ~NoBrokenPipeSignal() { std::signal(SIGPIPE, before_); }
  NoBrokenPipeSignal(const NoBrokenPipeSignal&) = delete;
  NoBrokenPipeSignal& operator=(const NoBrokenPipeSignal&) = delete;

 private:
  void (*before_)(int);
};

// Drives both sides until the server is done or can go no further; its last word.
inline TlsStatus shake_hands(TlsClient& client, TlsSession& server) {
  TlsStatus status = TlsStatus::kWantsRead;
  bool moved = true;
  while (moved && status != TlsStatus::kFailed && status != TlsStatus::kClosed) {
    client.handshake();
    moved = client.carry();
    status = server.handshake().status;
    moved = client.carry() || moved;
  }
  client.handshake();
  return status;
}

inline std::string read_all(TlsSession& server, TlsStatus* last = nullptr) {
  std::string all;
  std::uint8_t bytes[4096];
  for (;;) {
    const TlsProgress progress = server.read(bytes);
    if (progress.status != TlsStatus::kDone) {
      if (last != nullptr) {
        *last = progress.status;
      }
      return all;
    }
    all += as_text({bytes, progress.bytes});
  }
}

}  // namespace disposable
