// ReceiptKey: lets the creator of a secret watch and delete it, and never open it.
//
// 48 bytes: the store id (32) and a keyed hash of it (16) under a key that comes from the keyring's root, so that every
// node makes and checks it and nothing is stored for it. As text 64 characters of base64url (RFC 4648, section 5).

#pragma once

#include "crypto/secret_key.h"

namespace disposable {

// Move-only, wiped, unprintable. Thread-compatible. Keyring makes and checks it.
class ReceiptKey {
 public:
  static constexpr std::size_t kMacSize = 16;
  static constexpr std::size_t kSize = sizeof(StoreId) + kMacSize;
  static constexpr std::size_t kTextSize = 64;

  ReceiptKey(const StoreId& id, std::span<const std::uint8_t, kMacSize> mac);
  // Only the form is looked at. kNotFound otherwise: a malformed key is answered as an unknown one.
  static Result<ReceiptKey> parse(std::string_view text);

  ReceiptKey(ReceiptKey&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  ReceiptKey& operator=(ReceiptKey&& other) noexcept;
  ReceiptKey(const ReceiptKey&) = delete;
  ReceiptKey& operator=(const ReceiptKey&) = delete;
  ~ReceiptKey() { wipe(bytes_); }

  SecretBytes format() const;
  // Whom it names, true or not.
  StoreId id() const;
  ByteView expose() const { return bytes_; }

  bool operator==(const ReceiptKey&) const = delete;

 private:
  ReceiptKey() = default;
  std::array<std::uint8_t, kSize> bytes_{};
};

}  // namespace disposable
