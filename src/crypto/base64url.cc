#include "crypto/base64url.h"

namespace disposable {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned kBitsOfCharacter = 6;
constexpr unsigned kBitsOfByte = 8;

template <class Character>
void encode(ByteView bytes, std::span<Character> out) {
  std::uint32_t bits = 0;
  unsigned count = 0;
  std::size_t at = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << kBitsOfByte) | byte;
    count += kBitsOfByte;
    while (count >= kBitsOfCharacter) {
      count -= kBitsOfCharacter;
      out[at++] = static_cast<Character>(kAlphabet[(bits >> count) & 0x3FU]);
    }
  }
  if (count > 0) {
    out[at] = static_cast<Character>(kAlphabet[(bits << (kBitsOfCharacter - count)) & 0x3FU]);
  }
}

}  // namespace

std::string base64url_encode(ByteView bytes) {
  std::string text(base64url_size(bytes.size()), '\0');
  encode(bytes, std::span(text));
  return text;
}

SecretBytes base64url_encode_secret(ByteView bytes) {
  SecretBytes text(base64url_size(bytes.size()));
  encode(bytes, text.expose_mutable());
  return text;
}

Result<SecretBytes> base64url_decode(std::string_view text) {
  SecretBytes bytes(text.size() * 3 / 4);
  if (base64url_size(bytes.size()) != text.size()) {
    return fail(Errc::kInvalidArgument, "base64url of an impossible length");
  }
  const std::span<std::uint8_t> out = bytes.expose_mutable();
  std::uint32_t bits = 0;
  unsigned count = 0;
  std::size_t at = 0;
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) {
      return fail(Errc::kInvalidArgument, "a character outside base64url");
    }
    bits = (bits << kBitsOfCharacter) | static_cast<std::uint32_t>(value);
    count += kBitsOfCharacter;
    if (count >= kBitsOfByte) {
      count -= kBitsOfByte;
      out[at++] = static_cast<std::uint8_t>(bits >> count);
    }
  }
  if ((bits & ((1U << count) - 1)) != 0) {
    return fail(Errc::kInvalidArgument, "base64url that ends in stray bits");
  }
  return bytes;
}

}  // namespace disposable
