// SecretKey: the UUIDv4 that is the bearer capability of one secret; and the two keyed hashes by which everything else
// may know it. The key itself is never stored and never logged.

#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/random.h"
#include "crypto/secret_bytes.h"

namespace disposable {

// Move-only, wiped, unprintable; 122 random bits. Thread-compatible.
class SecretKey {
 public:
  static constexpr std::size_t kSize = 16;
  static constexpr std::size_t kTextSize = 36;

  static SecretKey generate(Random& random);
  // From 16 bytes that nobody can guess, of which six bits are overwritten.
  static SecretKey from_bytes(std::span<const std::uint8_t, kSize> bytes);
  // Exactly 36 characters, 8-4-4-4-12 hexadecimal of either case with hyphens, version 4, RFC variant.
  // kNotFound otherwise: a malformed key is answered as an unknown one.
  static Result<SecretKey> parse(std::string_view text);

  SecretKey(SecretKey&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  SecretKey& operator=(SecretKey&& other) noexcept;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  ~SecretKey() { wipe(bytes_); }

  // Lower-case 8-4-4-4-12 form.
  SecretBytes format() const;
  ByteView expose() const { return bytes_; }

  bool operator==(const SecretKey&) const = delete;

 private:
  SecretKey() = default;
  void mark_version();

  std::array<std::uint8_t, kSize> bytes_{};
};

// Names a secret in the store: keyed BLAKE2b-256 of the key. Not secret.
struct StoreId {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const StoreId&) const = default;
};

// Names a secret in the audit log: another keyed hash, in the form of a UUID version 8 (RFC 9562, 5.8). Not secret.
struct Fingerprint {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Fingerprint&) const = default;
};

// Lower-case 8-4-4-4-12 form of 16 bytes that are not secret.
std::string format_uuid(const std::array<std::uint8_t, 16>& bytes);

}  // namespace disposable
