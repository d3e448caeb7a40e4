#include "client/aes_gcm.h"

#include <openssl/evp.h>

#include <limits>
#include <memory>

namespace disposable {

namespace {

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

// OpenSSL counts in int; no secret comes near it.
int int_size(ByteView bytes) {
  check(bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()), "a secret has less than 2 GiB");
  return static_cast<int>(bytes.size());
}

}  // namespace

Bytes seal_aes_gcm(const SecretBytes& key, const std::array<std::uint8_t, kGcmNonceSize>& nonce, ByteView associated,
                   ByteView plaintext, ByteView prefix) {
  check(key.size() == SymmetricKey::kSize, "AES-256 has a key of 32 bytes");
  Bytes sealed;
  sealed.reserve(prefix.size() + nonce.size() + plaintext.size() + kGcmTagSize);
  sealed.insert(sealed.end(), prefix.begin(), prefix.end());
  sealed.insert(sealed.end(), nonce.begin(), nonce.end());
  const std::size_t at = sealed.size();
  sealed.resize(at + plaintext.size() + kGcmTagSize);
  std::uint8_t* out = sealed.data() + at;
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int written = 0;
  int rest = 0;
  const bool done =
      cipher != nullptr &&
      EVP_EncryptInit_ex2(cipher.get(), EVP_aes_256_gcm(), key.expose().data(), nonce.data(), nullptr) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &written, associated.data(), int_size(associated)) == 1 &&
      EVP_EncryptUpdate(cipher.get(), out, &written, plaintext.data(), int_size(plaintext)) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), out + written, &rest) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTagSize, out + plaintext.size()) == 1;
  check(done, "AES-GCM encrypts");
  return sealed;
}

Result<SecretBytes> open_aes_gcm(const SecretBytes& key, ByteView associated, ByteView sealed) {
  if (key.size() != SymmetricKey::kSize || sealed.size() < kGcmNonceSize + kGcmTagSize) {
    return fail(Errc::kDenied, "what was received is too short");
  }
  const ByteView nonce = sealed.first(kGcmNonceSize);
  const ByteView ciphertext = sealed.subspan(kGcmNonceSize, sealed.size() - kGcmNonceSize - kGcmTagSize);
  Bytes tag(sealed.end() - kGcmTagSize, sealed.end());
  SecretBytes plaintext(ciphertext.size());
  std::uint8_t* out = plaintext.expose_mutable().data();
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int written = 0;
  int rest = 0;
  const bool done =
      cipher != nullptr &&
      EVP_DecryptInit_ex2(cipher.get(), EVP_aes_256_gcm(), key.expose().data(), nonce.data(), nullptr) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &written, associated.data(), int_size(associated)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), out, &written, ciphertext.data(), int_size(ciphertext)) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTagSize, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), out + written, &rest) == 1;
  if (!done) {
    return fail(Errc::kDenied, "what was received was not sealed with this key");
  }
  return plaintext;
}

}  // namespace disposable
