#include "crypto/receipt_key.h"

#include <algorithm>

#include "crypto/base64url.h"

namespace disposable {

static_assert(base64url_size(ReceiptKey::kSize) == ReceiptKey::kTextSize);

ReceiptKey::ReceiptKey(const StoreId& id, std::span<const std::uint8_t, kMacSize> mac) {
  std::copy(id.bytes.begin(), id.bytes.end(), bytes_.begin());
  std::copy(mac.begin(), mac.end(), bytes_.begin() + sizeof(StoreId));
}

Result<ReceiptKey> ReceiptKey::parse(std::string_view text) {
  if (text.size() != kTextSize) {
    return fail(Errc::kNotFound, "malformed key");
  }
  const Result<SecretBytes> bytes = base64url_decode(text);
  if (!bytes) {
    return fail(Errc::kNotFound, "malformed key");
  }
  ReceiptKey key;
  std::copy(bytes->expose().begin(), bytes->expose().end(), key.bytes_.begin());
  return key;
}

ReceiptKey& ReceiptKey::operator=(ReceiptKey&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    wipe(other.bytes_);
  }
  return *this;
}

SecretBytes ReceiptKey::format() const { return base64url_encode_secret(bytes_); }

StoreId ReceiptKey::id() const {
  StoreId id;
  std::copy_n(bytes_.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

}  // namespace disposable
