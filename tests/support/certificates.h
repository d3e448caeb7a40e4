// Certificates made on the spot, and their files.

#pragma once

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace disposable {

template <auto kFree>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using File = std::unique_ptr<std::FILE, FreeWith<std::fclose>>;

inline Key make_ec_key() { return Key(EVP_EC_gen("P-256")); }
inline Key make_rsa_key(unsigned int bits = 2048) { return Key(EVP_RSA_gen(bits)); }

// Self-signed, for `name`, valid between the two offsets from now in seconds; `alternatives` like "DNS:a,IP:127.0.0.1".
inline Certificate make_certificate(const Key& key, const char* name = "localhost", long from = -3600,
                                    long until = 3600, const char* alternatives = nullptr) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  if (alternatives != nullptr) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternatives);
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
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

}  // namespace disposable
