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

}  // namespace disposable
