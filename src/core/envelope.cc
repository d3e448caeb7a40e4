#include "core/envelope.h"

#include <algorithm>

#include "crypto/aead.h"
#include "crypto/hash.h"

namespace disposable {

namespace {

constexpr std::string_view kUnopened = "a wrapped data key does not open";

bool is_v2(const Record& record) { return record.format == RecordFormat::kApiV2; }

Bytes associated_data(const StoreId& id, const Record& record) {
  ByteWriter writer;
  writer.u8(static_cast<std::uint8_t>(record.format))
      .raw(id.bytes)
      .i64(record.created_at.time_since_epoch().count())
      .i64(record.expires_at.time_since_epoch().count())
      .u8(record.guarded ? 1 : 0)
      .u32(record.epoch)
      .raw(record.fingerprint.bytes);
  if (is_v2(record)) {
    writer.u8(record.asks_proof ? 1 : 0).u8(record.request ? 1 : 0).u8(record.views).u64(record.bytes);
  }
  return writer.take();
}

// The wrap key that no path gets without the factors. `claim` is last and may have any length.
SymmetricKey with_factors(const SymmetricKey& wrap, const Factors& factors, ByteView claim) {
  const Bytes sizes = ByteWriter()
                          .u32(static_cast<std::uint32_t>(factors.proof.size()))
                          .u32(static_cast<std::uint32_t>(factors.passphrase.size()))
                          .take();
  SymmetricKey bound;
  keyed_hash(wrap, {sizes, factors.proof.expose(), factors.passphrase.expose(), claim}, bound.expose_mutable());
  return bound;
}

Result<SymmetricKey> data_wrap(const Keyring& keyring, const Opening& opening) {
  Result<SymmetricKey> wrap = keyring.wrap_key(opening.record.epoch, opening.key, Keyring::Purpose::kDataKey);
  return wrap && is_v2(opening.record) ? Result<SymmetricKey>(with_factors(*wrap, opening.factors, {}))
                                       : std::move(wrap);
}

Result<SymmetricKey> claim_wrap(const Keyring& keyring, const Opening& opening, ByteView claim) {
  Result<SymmetricKey> wrap = keyring.wrap_key(opening.record.epoch, opening.key, Keyring::Purpose::kClaim);
  return wrap ? Result<SymmetricKey>(with_factors(*wrap, opening.factors, claim)) : std::move(wrap);
}

Result<SymmetricKey> unwrap(const Result<SymmetricKey>& wrap, ByteView wrapped, ByteView associated) {
  if (!wrap) {
    return fail(wrap.error());
  }
  const Result<SecretBytes> unwrapped = open(*wrap, wrapped, associated);
  if (!unwrapped || unwrapped->size() != SymmetricKey::kSize) {
    return fail(Errc::kCorrupt, std::string(kUnopened));
  }
  SymmetricKey data_key;
  std::copy(unwrapped->expose().begin(), unwrapped->expose().end(), data_key.expose_mutable().begin());
  return data_key;
}

Result<RecordHash> hash_for(const Keyring& keyring, const SecretKey& key, const Record& record,
                            Keyring::Purpose purpose, std::initializer_list<ByteView> parts) {
  const Result<SymmetricKey> wrap = keyring.wrap_key(record.epoch, key, purpose);
  if (!wrap) {
    return fail(wrap.error());
  }
  RecordHash hash{};
  keyed_hash(*wrap, parts, hash);
  return hash;
}

}  // namespace

Result<Bytes> seal_secret(const Keyring& keyring, const SecretKey& key, const Contents& contents, Random& random,
                          Record& record, const Factors& factors) {
  const Bytes associated = associated_data(keyring.store_id(key), record);
  const Result<SymmetricKey> wrap = data_wrap(keyring, {key, record, factors});
  if (!wrap) {
    return fail(Errc::kInternal, "the keyring lacks its current epoch");
  }
  SymmetricKey data_key;
  random.fill(data_key.expose_mutable());
  record.wrapped_key = seal(*wrap, data_key.expose(), associated, random);
  if (record.guarded) {
    const Result<SymmetricKey> verifier_wrap = keyring.wrap_key(record.epoch, key, Keyring::Purpose::kVerifier);
    if (!verifier_wrap) {
      return fail(verifier_wrap.error());
    }
    record.verifier = seal(*verifier_wrap, contents.verifier, associated, random);
  }
  if (record.asks_proof) {
    const auto hash = hash_for(keyring, key, record, Keyring::Purpose::kProof, {factors.proof.expose()});
    if (!hash) {
      return fail(hash.error());
    }
    record.proof = *hash;
  }
  return seal(data_key, contents.secret, associated, random);
}

Result<SecretBytes> open_secret(const Keyring& keyring, const Opening& opening, ByteView payload) {
  const Bytes associated = associated_data(keyring.store_id(opening.key), opening.record);
  const Result<SymmetricKey> data_key = unwrap(data_wrap(keyring, opening), opening.record.wrapped_key, associated);
  return data_key ? open(*data_key, payload, associated) : fail(data_key.error());
}

Result<SecretBytes> open_verifier(const Keyring& keyring, const SecretKey& key, const Record& record) {
  const Result<SymmetricKey> wrap = keyring.wrap_key(record.epoch, key, Keyring::Purpose::kVerifier);
  if (!wrap) {
    return fail(wrap.error());
  }
  return open(*wrap, record.verifier, associated_data(keyring.store_id(key), record));
}

Result<bool> proof_fits(const Keyring& keyring, const SecretKey& key, const Record& record, ByteView proof) {
  const Result<RecordHash> hash = hash_for(keyring, key, record, Keyring::Purpose::kProof, {proof});
  if (!hash) {
    return fail(hash.error());
  }
  return record.proof && equal_constant_time(*hash, *record.proof);
}

Result<RecordHash> claim_name(const Keyring& keyring, const SecretKey& key, const Record& record, ByteView claim) {
  return hash_for(keyring, key, record, Keyring::Purpose::kClaim, {as_bytes("name"), claim});
}

Result<OpenClaim> seal_claim(const Keyring& keyring, const Opening& opening, ByteView claim, Random& random) {
  const Bytes associated = associated_data(keyring.store_id(opening.key), opening.record);
  const Result<RecordHash> name = claim_name(keyring, opening.key, opening.record, claim);
  const Result<SymmetricKey> data_key = unwrap(data_wrap(keyring, opening), opening.record.wrapped_key, associated);
  const Result<SymmetricKey> wrap = claim_wrap(keyring, opening, claim);
  if (!name || !data_key || !wrap) {
    return fail(Errc::kCorrupt, std::string(kUnopened));
  }
  OpenClaim sealed;
  sealed.name = *name;
  sealed.wrapped_key = seal(*wrap, data_key->expose(), associated, random);
  return sealed;
}

Result<SecretBytes> open_claimed(const Keyring& keyring, const Opening& opening, const OpenClaim& opened,
                                 ByteView claim, ByteView payload) {
  const Bytes associated = associated_data(keyring.store_id(opening.key), opening.record);
  const Result<SymmetricKey> data_key = unwrap(claim_wrap(keyring, opening, claim), opened.wrapped_key, associated);
  return data_key ? open(*data_key, payload, associated) : fail(data_key.error());
}

Result<RecordHash> repetition_hash(const Keyring& keyring, const Opening& opening, const NewSharedSecret& secret) {
  const auto& [key, record, factors] = opening;
  const Bytes fixed = ByteWriter()
                          .block(as_bytes(secret.idempotency_key))
                          .u64(secret.secret.size())
                          .u8(record.views)
                          .i64((record.expires_at - record.created_at).count())
                          .u8(static_cast<std::uint8_t>(factors.proof.size()))
                          .u32(static_cast<std::uint32_t>(secret.webhook.size()))
                          .take();
  return hash_for(
      keyring, key, record, Keyring::Purpose::kIdempotency,
      {fixed, secret.secret.expose(), factors.proof.expose(), factors.passphrase.expose(), secret.webhook.expose()});
}

}  // namespace disposable
