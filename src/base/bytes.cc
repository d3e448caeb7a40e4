#include "base/bytes.h"

namespace disposable {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

template <class Integer>
std::array<std::uint8_t, sizeof(Integer)> little_endian(Integer value) {
  std::array<std::uint8_t, sizeof(Integer)> bytes{};
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(value);
    value >>= 8U;
  }
  return bytes;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 0x0FU]);
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) {
    return fail(Errc::kInvalidArgument, "odd number of hexadecimal digits");
  }
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) {
      return fail(Errc::kInvalidArgument, "not a hexadecimal digit");
    }
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

ByteWriter& ByteWriter::u8(std::uint8_t value) {
  bytes_.push_back(value);
  return *this;
}

ByteWriter& ByteWriter::u32(std::uint32_t value) { return raw(little_endian(value)); }

ByteWriter& ByteWriter::u64(std::uint64_t value) { return raw(little_endian(value)); }

ByteWriter& ByteWriter::raw(ByteView bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}

ByteWriter& ByteWriter::block(ByteView bytes) {
  u32(static_cast<std::uint32_t>(bytes.size()));
  return raw(bytes);
}

ByteView ByteReader::claim(std::size_t size) {
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    return {};
  }
  const ByteView claimed = rest_.first(size);
  rest_ = rest_.subspan(size);
  return claimed;
}

std::uint8_t ByteReader::u8() {
  const ByteView bytes = claim(1);
  return bytes.empty() ? std::uint8_t{0} : bytes[0];
}

std::uint32_t ByteReader::u32() {
  std::uint32_t value = 0;
  unsigned shift = 0;
  for (const std::uint8_t byte : claim(4)) {
    value |= static_cast<std::uint32_t>(byte) << shift;
    shift += 8;
  }
  return value;
}

std::uint64_t ByteReader::u64() {
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const std::uint8_t byte : claim(8)) {
    value |= static_cast<std::uint64_t>(byte) << shift;
    shift += 8;
  }
  return value;
}

Bytes ByteReader::raw(std::size_t size) {
  const ByteView bytes = claim(size);
  return {bytes.begin(), bytes.end()};
}

Bytes ByteReader::block(std::size_t size_max) {
  const std::uint32_t size = u32();
  if (size > size_max) {
    ok_ = false;
    return {};
  }
  return raw(size);
}

}  // namespace disposable
