// Passphrase verifiers: Argon2id (RFC 9106, libsodium's crypto_pwhash) over the peppered passphrase.
//
// Encoded verifier: operations u32, memory in bytes u64, salt (16 bytes), hash (32 bytes). Parameters and salt are per
// record, so that raising the defaults leaves older records readable. It is sealed before it is stored.

#pragma once

#include <cstdint>

#include "crypto/random.h"
#include "crypto/secret_bytes.h"

namespace disposable {

struct Argon2Cost {
  std::uint32_t operations = 2;
  std::uint64_t memory_bytes = 19ULL * 1024 * 1024;  // OWASP's second profile; 18 ms on a 2-core machine
};

// Both run for the cost's time and hold its memory; callers bound how many run at once.
// kUnavailable when the memory cannot be had, kCorrupt when the verifier is malformed.
Result<SecretBytes> make_verifier(ByteView passphrase, const SymmetricKey& pepper, const Argon2Cost& cost,
                                  Random& random);
Result<bool> verify_passphrase(ByteView passphrase, const SymmetricKey& pepper, ByteView verifier);

// For a passphrase that opens, too: one computation gives 64 bytes, of which the first half is the verifier's hash, and
// the second is a factor that goes into a key and is stored nowhere. Costs and errors are as above. The verifier of the
// one kind fits nothing of the other.
struct PassphraseLock {
  SecretBytes verifier;
  SecretBytes factor;  // 32 bytes
};
Result<PassphraseLock> make_passphrase_lock(ByteView passphrase, const SymmetricKey& pepper, const Argon2Cost& cost,
                                            Random& random);
// The factor; empty for another passphrase.
Result<SecretBytes> passphrase_factor(ByteView passphrase, const SymmetricKey& pepper, ByteView verifier);

}  // namespace disposable
