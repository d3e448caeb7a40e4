#include "crypto/passphrase.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "crypto/hash.h"

namespace disposable {

namespace {

using Salt = std::array<std::uint8_t, crypto_pwhash_SALTBYTES>;
static_assert(crypto_pwhash_SALTBYTES == 16);
constexpr std::size_t kHashSize = 32;
// A verifier of ours never asks for more; a forged one may not make us allocate without bound.
constexpr std::uint64_t kMemoryBytesMax = 1ULL << 30U;
constexpr std::uint32_t kOperationsMax = 64;

Result<SecretBytes> argon2(ByteView passphrase, const SymmetricKey& pepper, const Argon2Cost& cost, const Salt& salt,
                           std::size_t size) {
  SymmetricKey peppered;
  keyed_hash(pepper, {passphrase}, peppered.expose_mutable());
  SecretBytes hash(size);
  const int done =
      crypto_pwhash(hash.expose_mutable().data(), size, reinterpret_cast<const char*>(peppered.expose().data()),
                    SymmetricKey::kSize, salt.data(), cost.operations, cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
  if (done != 0) {
    return fail(Errc::kUnavailable, "no memory for Argon2");
  }
  return hash;
}

SecretBytes encode_verifier(const Argon2Cost& cost, const Salt& salt, ByteView hash) {
  Bytes encoded = ByteWriter().u32(cost.operations).u64(cost.memory_bytes).raw(salt).raw(hash).take();
  SecretBytes verifier = SecretBytes::copy_of(encoded);
  wipe(encoded);
  return verifier;
}

struct Verifier {
  Argon2Cost cost;
  Salt salt{};
  SecretBytes hash;
};

Result<Verifier> decode_verifier(ByteView bytes) {
  ByteReader reader(bytes);
  Verifier verifier;
  verifier.cost.operations = reader.u32();
  verifier.cost.memory_bytes = reader.u64();
  verifier.salt = reader.array<crypto_pwhash_SALTBYTES>();
  auto hash = reader.array<kHashSize>();
  verifier.hash = SecretBytes::copy_of(hash);
  wipe(hash);
  if (!reader.finished() || verifier.cost.memory_bytes > kMemoryBytesMax || verifier.cost.operations > kOperationsMax) {
    return fail(Errc::kCorrupt, "a passphrase verifier is malformed");
  }
  return verifier;
}

}  // namespace

Result<SecretBytes> make_verifier(ByteView passphrase, const SymmetricKey& pepper, const Argon2Cost& cost,
                                  Random& random) {
  Salt salt{};
  random.fill(salt);
  const Result<SecretBytes> hash = argon2(passphrase, pepper, cost, salt, kHashSize);
  if (!hash) {
    return fail(hash.error());
  }
  return encode_verifier(cost, salt, hash->expose());
}

Result<bool> verify_passphrase(ByteView passphrase, const SymmetricKey& pepper, ByteView verifier) {
  const Result<Verifier> expected = decode_verifier(verifier);
  if (!expected) {
    return fail(expected.error());
  }
  const Result<SecretBytes> hash = argon2(passphrase, pepper, expected->cost, expected->salt, kHashSize);
  if (!hash) {
    return fail(hash.error());
  }
  return equal_constant_time(hash->expose(), expected->hash.expose());
}

Result<PassphraseLock> make_passphrase_lock(ByteView passphrase, const SymmetricKey& pepper, const Argon2Cost& cost,
                                            Random& random) {
  Salt salt{};
  random.fill(salt);
  const Result<SecretBytes> both = argon2(passphrase, pepper, cost, salt, 2 * kHashSize);
  if (!both) {
    return fail(both.error());
  }
  return PassphraseLock{encode_verifier(cost, salt, both->expose().first(kHashSize)),
                        SecretBytes::copy_of(both->expose().last(kHashSize))};
}

Result<SecretBytes> passphrase_factor(ByteView passphrase, const SymmetricKey& pepper, ByteView verifier) {
  const Result<Verifier> expected = decode_verifier(verifier);
  if (!expected) {
    return fail(expected.error());
  }
  const Result<SecretBytes> both = argon2(passphrase, pepper, expected->cost, expected->salt, 2 * kHashSize);
  if (!both) {
    return fail(both.error());
  }
  const bool fits = equal_constant_time(both->expose().first(kHashSize), expected->hash.expose());
  return fits ? SecretBytes::copy_of(both->expose().last(kHashSize)) : SecretBytes();
}

}  // namespace disposable
