#include "crypto/base64.h"

#include <sodium.h>

namespace disposable {

std::string base64_encode(ByteView bytes) { return std::string(as_text(base64_encode_secret(bytes).expose())); }

SecretBytes base64_encode_secret(ByteView bytes) {
  SecretBytes text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL));
  const std::span<std::uint8_t> out = text.expose_mutable();
  sodium_bin2base64(reinterpret_cast<char*>(out.data()), out.size(), bytes.data(), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  return SecretBytes::copy_of(text.expose().first(text.size() - 1));  // without the NUL that it writes
}

Result<SecretBytes> base64_decode(std::string_view text) {
  if (text.empty()) {
    return SecretBytes();  // libsodium wants a place to write to
  }
  SecretBytes padded(text.size());  // more than it takes
  std::size_t size = 0;
  const char* end = nullptr;
  const std::span<std::uint8_t> out = padded.expose_mutable();
  const int failed = sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, &end,
                                       sodium_base64_VARIANT_ORIGINAL);
  if (failed != 0 || end != text.data() + text.size()) {
    return fail(Errc::kInvalidArgument, "not base64");
  }
  return SecretBytes::copy_of(padded.expose().first(size));
}

}  // namespace disposable
