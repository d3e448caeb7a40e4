#include "crypto/aead.h"

#include <sodium.h>

namespace disposable {

namespace {

constexpr std::size_t kNonceSize = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagSize = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(kNonceSize + kTagSize == kBoxOverhead);
static_assert(SymmetricKey::kSize == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

}  // namespace

Bytes seal(const SymmetricKey& key, ByteView plaintext, ByteView associated, Random& random) {
  Bytes box(plaintext.size() + kBoxOverhead);
  const std::span<std::uint8_t> nonce(box.data(), kNonceSize);
  random.fill(nonce);
  crypto_aead_xchacha20poly1305_ietf_encrypt(box.data() + kNonceSize, nullptr, plaintext.data(), plaintext.size(),
                                             associated.data(), associated.size(), nullptr, nonce.data(),
                                             key.expose().data());
  return box;
}

Result<SecretBytes> open(const SymmetricKey& key, ByteView box, ByteView associated) {
  if (box.size() < kBoxOverhead) {
    return fail(Errc::kCorrupt, "a sealed box is too short");
  }
  SecretBytes plaintext(box.size() - kBoxOverhead);
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      plaintext.expose_mutable().data(), nullptr, nullptr, box.data() + kNonceSize, box.size() - kNonceSize,
      associated.data(), associated.size(), box.data(), key.expose().data());
  if (opened != 0) {
    return fail(Errc::kCorrupt, "a sealed box does not open");
  }
  return plaintext;
}

}  // namespace disposable
