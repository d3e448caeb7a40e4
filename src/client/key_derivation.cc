#include "client/key_derivation.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <memory>

namespace disposable {

namespace {

struct FreeKdf {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

// OSSL_PARAM has no const pointers, but only reads what it is constructed with.
OSSL_PARAM octets(const char* name, ByteView bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

SecretBytes concatenated(std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) {
    size += part.size();
  }
  SecretBytes whole(size);
  auto at = whole.expose_mutable().begin();
  for (const ByteView part : parts) {
    at = std::copy(part.begin(), part.end(), at);
  }
  return whole;
}

SecretBytes hkdf_sha256(ByteView key, ByteView info) {
  const std::unique_ptr<EVP_KDF, FreeKdf> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(EVP_KDF_CTX_new(kdf.get()));
  std::array<char, 7> digest{"SHA256"};
  const std::array<OSSL_PARAM, 4> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0), octets(OSSL_KDF_PARAM_KEY, key),
      octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
  SecretBytes derived(kDerivedSize);
  check(context && EVP_KDF_derive(context.get(), derived.expose_mutable().data(), kDerivedSize, parameters.data()) == 1,
        "HKDF derives a key");
  return derived;
}

SecretBytes pbkdf2_sha256(ByteView passphrase, ByteView salt, int iterations) {
  SecretBytes derived(kDerivedSize);
  const std::string_view text = as_text(passphrase);
  check(PKCS5_PBKDF2_HMAC(text.data(), static_cast<int>(text.size()), salt.data(), static_cast<int>(salt.size()),
                          iterations, EVP_sha256(), kDerivedSize, derived.expose_mutable().data()) == 1,
        "PBKDF2 derives a key");
  return derived;
}

}  // namespace disposable
