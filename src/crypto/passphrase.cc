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

Result<SecretBytes> argon2(ByteView passphrase, const SymmetricKey& pepper, const Argon2Cost& cost, const Salt& salt) {
  SymmetricKey peppered;
  keyed_hash(pepper, {passphrase}, peppered.expose_mutable());
  SecretBytes hash(kHashSize);
  const int done =
      crypto_pwhash(hash.expose_mutable().data(), kHashSize, reinterpret_cast<const char*>(peppered.expose().data()),
                    SymmetricKey::kSize, salt.data(), cost.operations, cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
  if (done != 0) {
    return fail(Errc::kUnavailable, "no memory for Argon2");
  }
  return hash;
}

}  // namespace

Result<SecretBytes> make_verifier(ByteView passphrase, const SymmetricKey& pepper, const Argon2Cost& cost,
                                  Random& random) {
  Salt salt{};
  random.fill(salt);
  const Result<SecretBytes> hash = argon2(passphrase, pepper, cost, salt);
  if (!hash) {
    return fail(hash.error());
  }
  Bytes encoded = ByteWriter().u32(cost.operations).u64(cost.memory_bytes).raw(salt).raw(hash->expose()).take();
  SecretBytes verifier = SecretBytes::copy_of(encoded);
  wipe(encoded);
  return verifier;
}

Result<bool> verify_passphrase(ByteView passphrase, const SymmetricKey& pepper, ByteView verifier) {
  ByteReader reader(verifier);
  Argon2Cost cost;
  cost.operations = reader.u32();
  cost.memory_bytes = reader.u64();
  const Salt salt = reader.array<crypto_pwhash_SALTBYTES>();
  const auto expected = reader.array<kHashSize>();
  if (!reader.finished() || cost.memory_bytes > kMemoryBytesMax || cost.operations > kOperationsMax) {
    return fail(Errc::kCorrupt, "a passphrase verifier is malformed");
  }
  const Result<SecretBytes> hash = argon2(passphrase, pepper, cost, salt);
  if (!hash) {
    return fail(hash.error());
  }
  return equal_constant_time(hash->expose(), expected);
}

}  // namespace disposable
