#include "crypto/secret_key.h"

#include <algorithm>

namespace disposable {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

constexpr bool hyphen_at(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

void write_uuid(ByteView bytes, std::span<std::uint8_t> text) {
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < SecretKey::kTextSize; ++i) {
    if (hyphen_at(i)) {
      text[i] = '-';
      continue;
    }
    const unsigned byte = bytes[nibble / 2];
    text[i] = static_cast<std::uint8_t>(kDigits[nibble % 2 == 0 ? byte >> 4U : byte & 0x0FU]);
    ++nibble;
  }
}

}  // namespace

SecretKey SecretKey::generate(Random& random) {
  SecretKey key;
  random.fill(key.bytes_);
  key.mark_version();
  return key;
}

SecretKey SecretKey::from_bytes(std::span<const std::uint8_t, kSize> bytes) {
  SecretKey key;
  std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
  key.mark_version();
  return key;
}

// RFC 9562, 5.4.
void SecretKey::mark_version() {
  bytes_[6] = static_cast<std::uint8_t>((bytes_[6] & 0x0FU) | 0x40U);
  bytes_[8] = static_cast<std::uint8_t>((bytes_[8] & 0x3FU) | 0x80U);
}

Result<SecretKey> SecretKey::parse(std::string_view text) {
  if (text.size() != kTextSize) {
    return fail(Errc::kNotFound, "malformed key");
  }
  SecretKey key;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < kTextSize; ++i) {
    if (hyphen_at(i)) {
      if (text[i] != '-') {
        return fail(Errc::kNotFound, "malformed key");
      }
      continue;
    }
    const char lower = text[i] >= 'A' && text[i] <= 'F' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    const std::size_t value = kDigits.find(lower);
    if (value == std::string_view::npos) {
      return fail(Errc::kNotFound, "malformed key");
    }
    std::uint8_t& byte = key.bytes_[nibble / 2];
    byte = static_cast<std::uint8_t>(byte * 16U + value);
    ++nibble;
  }
  if ((key.bytes_[6] >> 4U) != 4 || (key.bytes_[8] >> 6U) != 2) {
    return fail(Errc::kNotFound, "malformed key");
  }
  return key;
}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    wipe(other.bytes_);
  }
  return *this;
}

SecretBytes SecretKey::format() const {
  SecretBytes text(kTextSize);
  write_uuid(bytes_, text.expose_mutable());
  return text;
}

std::string format_uuid(const std::array<std::uint8_t, 16>& bytes) {
  std::array<std::uint8_t, SecretKey::kTextSize> text{};
  write_uuid(bytes, text);
  return {text.begin(), text.end()};
}

}  // namespace disposable
