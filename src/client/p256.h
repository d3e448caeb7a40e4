// ECDH on P-256 (SEC 1, NIST SP 800-56A) by OpenSSL, for requests: who asks publishes a public key, who answers seals
// to it. Thread-safe.

#pragma once

#include <array>

#include "crypto/random.h"
#include "crypto/secret_bytes.h"

namespace disposable {

inline constexpr std::size_t kP256ScalarSize = 32;
inline constexpr std::size_t kP256PublicSize = 65;  // uncompressed: 4, x, y

using P256Public = std::array<std::uint8_t, kP256PublicSize>;

class P256Key {
 public:
  static P256Key generate(Random& random);
  // kInvalidArgument: the scalar is none, or the public key is not that of it.
  static Result<P256Key> from(ByteView scalar, ByteView public_key);

  ByteView scalar() const { return scalar_.expose(); }
  const P256Public& public_key() const { return public_; }

  // The x-coordinate of the shared point. kInvalidArgument: `peer` is no point of the curve.
  Result<SecretBytes> agree(ByteView peer) const;

 private:
  P256Key(SecretBytes scalar, const P256Public& public_key) : scalar_(std::move(scalar)), public_(public_key) {}

  SecretBytes scalar_;
  P256Public public_{};
};

// Whether it is an uncompressed point of the curve.
bool is_p256_public(ByteView public_key);

}  // namespace disposable
