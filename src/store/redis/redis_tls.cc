#include "store/redis/redis_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <new>

#include "crypto/private_file.h"

namespace disposable {

namespace {

constexpr std::size_t kKeyBytesMax = 64 * 1024;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

std::string first_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) {
    return std::strerror(ERR_GET_REASON(code));
  }
  const char* const text = ERR_reason_error_string(code);
  return text == nullptr ? "the connection was closed" : text;
}

Result<void> use_key(ssl_ctx_st* context, const std::string& file) {
  const Result<SecretBytes> content = read_private_file(file, "the Redis client key", kKeyBytesMax);
  if (!content) {
    return fail(content.error());
  }
  const std::unique_ptr<BIO, FreeBio> bio(
      BIO_new_mem_buf(as_text(content->expose()).data(), static_cast<int>(content->size())));
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  const std::unique_ptr<EVP_PKEY, FreeKey> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (key == nullptr) {
    ERR_clear_error();
    return fail(Errc::kCorrupt, "the Redis client key " + file + " is no key in PEM form without a passphrase");
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return fail(Errc::kInvalidArgument, "the Redis client key " + file + ": " + first_reason());
  }
  return {};
}

}  // namespace

void RedisTls::FreeContext::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }
void RedisTls::FreeSession::operator()(ssl_st* session) const { SSL_free(session); }

Result<std::shared_ptr<const RedisTls>> RedisTls::load(const RedisUrl& url) {
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  ERR_clear_error();
  const std::shared_ptr<RedisTls> loaded(new RedisTls);
  loaded->server_name_ = url.server_name;
  loaded->context_.reset(SSL_CTX_new(TLS_client_method()));
  ssl_ctx_st* const context = loaded->context_.get();
  if (context == nullptr) {
    throw std::bad_alloc();
  }
  SSL_CTX_set_security_level(context, 2);
  check(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1, "this OpenSSL knows TLS 1.2");
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  const bool trusting = url.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                            : SSL_CTX_load_verify_locations(context, url.ca_file.c_str(), nullptr) == 1;
  if (!trusting) {
    return fail(Errc::kInvalidArgument, "cannot use the certificates in " + url.ca_file + ": " + first_reason());
  }
  if (!url.certificate_file.empty()) {
    if (SSL_CTX_use_certificate_chain_file(context, url.certificate_file.c_str()) != 1) {
      return fail(Errc::kInvalidArgument, "cannot use the certificate " + url.certificate_file + ": " + first_reason());
    }
    const Result<void> key = use_key(context, url.key_file);
    if (!key) {
      return fail(key.error());
    }
  }
  return std::shared_ptr<const RedisTls>(loaded);
}

RedisTls::Session RedisTls::session_for(const std::string& name) const {
  Session session(SSL_new(context_.get()));
  if (session == nullptr) {
    throw std::bad_alloc();
  }
  const std::string& expected = server_name_.empty() ? name : server_name_;
  X509_VERIFY_PARAM* const parameters = SSL_get0_param(session.get());
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // A name that could not be set would leave any name good.
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, expected.c_str()) != 1) {
    check(!expected.empty() && X509_VERIFY_PARAM_set1_host(parameters, expected.data(), expected.size()) == 1 &&
              SSL_set_tlsext_host_name(session.get(), expected.c_str()) == 1,
          "the name of a Redis server can be checked");
  }
  ERR_clear_error();
  return session;
}

std::string RedisTls::failure_of(const ssl_st* session) {
  const long verdict = SSL_get_verify_result(session);
  if (verdict == X509_V_OK) {
    return "TLS failed: " + first_reason();
  }
  ERR_clear_error();
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the server's certificate is for another name; if that is meant to be so, name it with servername=";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "the server's certificate is signed by nobody we trust; name the signer's certificate with cacert=";
    default:
      return std::string("the server's certificate: ") + X509_verify_cert_error_string(verdict);
  }
}

void RedisTls::forget_errors() { ERR_clear_error(); }

}  // namespace disposable
