// Byte strings that are not secret, and the little-endian codec of everything we store.
//
// Thread-compatible values. ByteView is for parameters only: never stored, never returned by the owner of the bytes.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace disposable {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Lower-case hexadecimal, two characters a byte.
std::string to_hex(ByteView bytes);
// kInvalidArgument for an odd length or a character outside [0-9a-fA-F].
Result<Bytes> from_hex(std::string_view text);

// Appends fixed-width little-endian integers and length-prefixed byte strings.
class ByteWriter {
 public:
  // Grows beyond `expected`; the default holds a record or an event.
  explicit ByteWriter(std::size_t expected = 160) { bytes_.reserve(expected); }

  ByteWriter& u8(std::uint8_t value);
  ByteWriter& u32(std::uint32_t value);
  ByteWriter& u64(std::uint64_t value);
  ByteWriter& i64(std::int64_t value) { return u64(static_cast<std::uint64_t>(value)); }
  ByteWriter& raw(ByteView bytes);
  // u32 length, then the bytes.
  ByteWriter& block(ByteView bytes);

  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

// Reads what ByteWriter wrote. After the first short read every further read gives zero or empty and ok() stays false,
// so a decoder checks once at its end. Borrows the bytes; they must outlive the reader.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}

  std::uint8_t u8();
  std::uint32_t u32();
  std::uint64_t u64();
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  // `size` bytes, or an empty vector when fewer are left.
  Bytes raw(std::size_t size);
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out{};
    const ByteView bytes = claim(N);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      out[i] = bytes[i];
    }
    return out;
  }
  // A block of at most `size_max` bytes.
  Bytes block(std::size_t size_max);

  bool ok() const { return ok_; }
  // True when everything was read and nothing was short.
  bool finished() const { return ok_ && rest_.empty(); }

 private:
  ByteView claim(std::size_t size);

  ByteView rest_;
  bool ok_ = true;
};

}  // namespace disposable
