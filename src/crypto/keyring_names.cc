#include <algorithm>

#include "crypto/hash.h"
#include "crypto/keyring_keys.h"

namespace disposable {

namespace {

SecretKey derive_secret_key(const SymmetricKey& key, std::initializer_list<ByteView> parts) {
  std::array<std::uint8_t, SecretKey::kSize> bytes{};
  keyed_hash(key, parts, bytes);
  SecretKey derived = SecretKey::from_bytes(bytes);
  wipe(bytes);
  return derived;
}

std::array<std::uint8_t, ReceiptKey::kMacSize> receipt_mac(const SymmetricKey& key, const StoreId& id) {
  std::array<std::uint8_t, sizeof(StoreId)> hash{};
  keyed_hash(key, {id.bytes}, hash);
  std::array<std::uint8_t, ReceiptKey::kMacSize> mac{};
  std::copy_n(hash.begin(), mac.size(), mac.begin());
  wipe(hash);
  return mac;
}

}  // namespace

ReceiptKey Keyring::receipt_key(const StoreId& id) const {
  std::array<std::uint8_t, ReceiptKey::kMacSize> mac = receipt_mac(keys_->receipt, id);
  ReceiptKey receipt(id, mac);
  wipe(mac);
  return receipt;
}

Result<StoreId> Keyring::open_receipt(const ReceiptKey& receipt) const {
  const StoreId id = receipt.id();
  if (!equal_constant_time(receipt_key(id).expose(), receipt.expose())) {
    return fail(Errc::kNotFound, "a receipt key that is not ours");
  }
  return id;
}

SecretKey Keyring::idempotent_key(std::string_view principal, std::string_view idempotency_key) const {
  const Bytes length = ByteWriter().u64(principal.size()).take();
  return derive_secret_key(keys_->idempotency, {length, as_bytes(principal), as_bytes(idempotency_key)});
}

SecretKey Keyring::request_key(const SecretKey& fill_key) const {
  return derive_secret_key(keys_->request, {fill_key.expose()});
}

StoreId Keyring::view_row(const StoreId& id, std::uint8_t view) const {
  if (view == 1) {
    return id;
  }
  const std::array<std::uint8_t, 1> number{view};
  StoreId row;
  keyed_hash(keys_->id, {as_bytes("view"), number, id.bytes}, row.bytes);
  return row;
}

}  // namespace disposable
