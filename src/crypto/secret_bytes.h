// The types that hold secrets: move-only, wiped when they go, and impossible to print or compare by accident.
//
// What wiping covers: the memory these types own, on destruction and on being moved from. What it does not: registers,
// and copies that the kernel or a library made elsewhere (see "What memory still holds" in README.md).

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace disposable {

// Overwrites with zeros in a way the compiler may not remove.
void wipe(std::span<std::uint8_t> bytes);
// Overwrites the part of this thread's stack that is not in use: what functions that have returned left there, for
// example the key that a hash function had copied. Deep enough for a whole request.
void wipe_dead_stack();
// Equal content and length, in time that depends on the lengths only.
bool equal_constant_time(ByteView a, ByteView b);

// Secret bytes of any length. Thread-compatible.
class SecretBytes {
 public:
  SecretBytes() = default;
  // `size` zero bytes, to be filled through expose_mutable().
  explicit SecretBytes(std::size_t size) : bytes_(size) {}
  static SecretBytes copy_of(ByteView bytes);

  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { wipe(bytes_); }

  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  // The only ways to the content, named so that every exposure can be searched for.
  ByteView expose() const { return bytes_; }
  std::span<std::uint8_t> expose_mutable() { return bytes_; }

  bool operator==(const SecretBytes&) const = delete;

 private:
  Bytes bytes_;  // sized once and never grown: growth would leave an unwiped block behind
};

// A 256-bit symmetric key. Thread-compatible.
class SymmetricKey {
 public:
  static constexpr std::size_t kSize = 32;

  SymmetricKey() = default;
  SymmetricKey(SymmetricKey&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  SymmetricKey& operator=(SymmetricKey&& other) noexcept;
  SymmetricKey(const SymmetricKey&) = delete;
  SymmetricKey& operator=(const SymmetricKey&) = delete;
  ~SymmetricKey() { wipe(bytes_); }

  ByteView expose() const { return bytes_; }
  std::span<std::uint8_t> expose_mutable() { return bytes_; }

  bool operator==(const SymmetricKey&) const = delete;

 private:
  std::array<std::uint8_t, kSize> bytes_{};
};

}  // namespace disposable
