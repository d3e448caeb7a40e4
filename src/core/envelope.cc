#include "core/envelope.h"

#include <algorithm>

#include "crypto/aead.h"

namespace disposable {

namespace {

Bytes associated_data(const StoreId& id, const Record& record) {
  constexpr std::uint8_t kVersion = 1;
  return ByteWriter()
      .u8(kVersion)
      .raw(id.bytes)
      .i64(record.created_at.time_since_epoch().count())
      .i64(record.expires_at.time_since_epoch().count())
      .u8(record.guarded ? 1 : 0)
      .u32(record.epoch)
      .raw(record.fingerprint.bytes)
      .take();
}

}  // namespace

Result<Bytes> seal_secret(const Keyring& keyring, const SecretKey& key, ByteView secret, ByteView verifier,
                          Random& random, Record& record) {
  const Bytes associated = associated_data(keyring.store_id(key), record);
  const Result<SymmetricKey> data_wrap = keyring.wrap_key(record.epoch, key, Keyring::Purpose::kDataKey);
  if (!data_wrap) {
    return fail(Errc::kInternal, "the keyring lacks its current epoch");
  }
  SymmetricKey data_key;
  random.fill(data_key.expose_mutable());
  record.wrapped_key = seal(*data_wrap, data_key.expose(), associated, random);
  if (record.guarded) {
    const Result<SymmetricKey> verifier_wrap = keyring.wrap_key(record.epoch, key, Keyring::Purpose::kVerifier);
    if (!verifier_wrap) {
      return fail(verifier_wrap.error());
    }
    record.verifier = seal(*verifier_wrap, verifier, associated, random);
  }
  return seal(data_key, secret, associated, random);
}

Result<SecretBytes> open_secret(const Keyring& keyring, const SecretKey& key, const Record& record, ByteView payload) {
  const Bytes associated = associated_data(keyring.store_id(key), record);
  const Result<SymmetricKey> wrap = keyring.wrap_key(record.epoch, key, Keyring::Purpose::kDataKey);
  if (!wrap) {
    return fail(wrap.error());
  }
  const Result<SecretBytes> unwrapped = open(*wrap, record.wrapped_key, associated);
  if (!unwrapped || unwrapped->size() != SymmetricKey::kSize) {
    return fail(Errc::kCorrupt, "a wrapped data key does not open");
  }
  SymmetricKey data_key;
  std::copy(unwrapped->expose().begin(), unwrapped->expose().end(), data_key.expose_mutable().begin());
  return open(data_key, payload, associated);
}

Result<SecretBytes> open_verifier(const Keyring& keyring, const SecretKey& key, const Record& record) {
  const Result<SymmetricKey> wrap = keyring.wrap_key(record.epoch, key, Keyring::Purpose::kVerifier);
  if (!wrap) {
    return fail(wrap.error());
  }
  return open(*wrap, record.verifier, associated_data(keyring.store_id(key), record));
}

}  // namespace disposable
