#include "http/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <cstring>
#include <ctime>
#include <new>
#include <optional>

#include "crypto/private_file.h"

namespace disposable {

namespace {

constexpr std::size_t kPrivateKeyBytesMax = 64 * 1024;
constexpr const char* kSuites12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kSuites13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";
// Length and name, as ALPN has them on the wire.
constexpr std::array<unsigned char, 9> kProtocols{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

// The first error is the cause, the others say who passed it on. Empties the queue.
std::string openssl_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (ERR_GET_LIB(code) == ERR_LIB_PEM) {
    return "no certificate in PEM form, or a damaged one";
  }
  const char* text = ERR_SYSTEM_ERROR(code) ? std::strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
  return text == nullptr ? "unknown error" : text;
}

std::optional<WallTime> wall_time(const ASN1_TIME* time) {
  std::tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) {
    return std::nullopt;
  }
  return WallTime(std::chrono::seconds(::timegm(&fields)));
}

int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

int select_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void* /*argument*/) {
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_size, kProtocols.data(), kProtocols.size(), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

void configure(SSL_CTX* context) {
  SSL_CTX_set_security_level(context, 2);
  const bool accepted = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                        SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
                        SSL_CTX_set_cipher_list(context, kSuites12) == 1 &&
                        SSL_CTX_set_ciphersuites(context, kSuites13) == 1 &&
                        SSL_CTX_set1_groups_list(context, kGroups) == 1 && SSL_CTX_set_num_tickets(context, 0) == 1;
  check(accepted, "this OpenSSL knows the protocols, suites and groups");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_CLEANSE_PLAINTEXT |
                                   // HTTP says where a message ends: a connection that just ends is no attack.
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // One read() takes a record's header and body together.
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

Result<void> TlsContext::use_certificate() {
  if (SSL_CTX_use_certificate_chain_file(context_.get(), files_.certificate.c_str()) != 1) {
    return fail(Errc::kInvalidArgument,
                "cannot use the certificate " + files_.certificate.string() + ": " + openssl_reason());
  }
  const X509* certificate = SSL_CTX_get0_certificate(context_.get());
  const std::optional<WallTime> from = wall_time(X509_get0_notBefore(certificate));
  const std::optional<WallTime> until = wall_time(X509_get0_notAfter(certificate));
  if (!from || !until) {
    return fail(Errc::kCorrupt, "cannot read the dates of the certificate " + files_.certificate.string());
  }
  valid_from_ = *from;
  valid_until_ = *until;
  return {};
}

Result<void> TlsContext::use_key() {
  const Result<SecretBytes> content = read_private_file(files_.key, "the private key", kPrivateKeyBytesMax);
  if (!content) {
    return fail(content.error());
  }
  const std::unique_ptr<BIO, FreeBio> bio(
      BIO_new_mem_buf(content->empty() ? "" : as_text(content->expose()).data(), static_cast<int>(content->size())));
  bool encrypted = false;
  const std::unique_ptr<EVP_PKEY, FreeKey> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &encrypted));
  const std::string name = "the private key " + files_.key.string();
  if (encrypted) {
    ERR_clear_error();
    return fail(Errc::kInvalidArgument, name + " is encrypted; store it without a passphrase, mode 600");
  }
  if (key == nullptr) {
    ERR_clear_error();  // it says "unsupported" to everything
    return fail(Errc::kCorrupt, "cannot use " + name + ": no key in PEM form, or a damaged one");
  }
  if (X509_check_private_key(SSL_CTX_get0_certificate(context_.get()), key.get()) != 1) {
    ERR_clear_error();
    return fail(Errc::kInvalidArgument, name + " does not belong to the certificate " + files_.certificate.string());
  }
  if (SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1) {
    return fail(Errc::kInvalidArgument, "cannot use " + name + ": " + openssl_reason());
  }
  return {};
}

Result<std::shared_ptr<const TlsContext>> TlsContext::load(const Files& files) {
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  ERR_clear_error();
  const std::shared_ptr<TlsContext> loaded(new TlsContext);
  loaded->files_ = files;
  loaded->context_.reset(SSL_CTX_new(TLS_server_method()));
  if (loaded->context_ == nullptr) {
    throw std::bad_alloc();
  }
  configure(loaded->context_.get());
  for (const auto step : {&TlsContext::use_certificate, &TlsContext::use_key}) {
    const Result<void> done = (*loaded.*step)();
    if (!done) {
      return fail(done.error());
    }
  }
  return loaded;
}

Result<void> TlsContext::valid_at(WallTime now) const {
  const std::string name = "the certificate " + files_.certificate.string();
  if (now > valid_until_) {
    return fail(Errc::kInvalidArgument, name + " expired at " + format_utc(valid_until_));
  }
  if (now < valid_from_) {
    return fail(Errc::kInvalidArgument, name + " is not valid before " + format_utc(valid_from_));
  }
  return {};
}

std::shared_ptr<const TlsContext> CurrentTlsContext::get() const {
  const MutexLock lock(mutex_);
  return context_;
}

Result<void> CurrentTlsContext::reload(const TlsContext::Files& files, WallTime now) {
  Result<std::shared_ptr<const TlsContext>> loaded = TlsContext::load(files);
  if (!loaded) {
    return fail(loaded.error());
  }
  Result<void> valid = (*loaded)->valid_at(now);
  if (!valid) {
    return valid;
  }
  const MutexLock lock(mutex_);
  context_.swap(*loaded);
  return {};
}

}  // namespace disposable
