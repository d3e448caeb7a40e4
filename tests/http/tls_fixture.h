// Certificates made on the spot, and a TLS client whose bytes the test carries itself.

#pragma once

#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>

#include "base/file_descriptor.h"
#include "http/tls_context.h"
#include "http/tls_session.h"
#include "support/temporary_folder.h"

namespace disposable {

template <auto kFree>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using SslContext = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using File = std::unique_ptr<std::FILE, FreeWith<std::fclose>>;

inline Key make_ec_key() { return Key(EVP_EC_gen("P-256")); }
inline Key make_rsa_key(unsigned int bits = 2048) { return Key(EVP_RSA_gen(bits)); }

// Self-signed, for `name`, valid between the two offsets from now in seconds.
inline Certificate make_certificate(const Key& key, const char* name = "localhost", long from = -3600,
                                    long until = 3600) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  REQUIRE(X509_sign(certificate.get(), key.get(), EVP_PKEY_is_a(key.get(), "ED25519") == 1 ? nullptr : EVP_sha256()) >
          0);
  return certificate;
}

inline std::filesystem::path write_certificate(const std::filesystem::path& path, const Certificate& certificate) {
  const File file(std::fopen(path.c_str(), "w"));
  REQUIRE(PEM_write_X509(file.get(), certificate.get()) == 1);
  return path;
}

inline std::filesystem::path write_key(const std::filesystem::path& path, const Key& key, mode_t mode = 0600,
                                       const std::string& passphrase = {}) {
  const File file(std::fopen(path.c_str(), "w"));
  const EVP_CIPHER* cipher = passphrase.empty() ? nullptr : EVP_aes_256_cbc();
  REQUIRE(PEM_write_PKCS8PrivateKey(file.get(), key.get(), cipher, passphrase.data(),
                                    static_cast<int>(passphrase.size()), nullptr, nullptr) == 1);
  REQUIRE(::chmod(path.c_str(), mode) == 0);
  return path;
}

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
