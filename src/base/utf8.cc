#include "base/utf8.h"

#include <array>

namespace disposable {

namespace {

// Lead byte of a sequence: which bits are fixed, what they are, and the least character it may stand for.
struct Form {
  std::uint8_t mask;
  std::uint8_t lead;
  std::uint32_t least;
};
constexpr std::array<Form, 4> kForms{{{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}}};

constexpr std::uint32_t kSurrogateFirst = 0xd800;
constexpr std::uint32_t kSurrogateLast = 0xdfff;
constexpr std::uint32_t kCharacterMost = 0x10ffff;
constexpr std::uint8_t kContinuationMask = 0xc0;
constexpr std::uint8_t kContinuation = 0x80;
constexpr unsigned kContinuationBits = 6;

}  // namespace

Utf8Character first_utf8(std::string_view text) {
  const auto byte = [text](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  for (std::size_t i = 0; i < kForms.size(); ++i) {
    const Form& form = kForms[i];
    const std::size_t length = i + 1;
    if ((byte(0) & form.mask) != form.lead) {
      continue;
    }
    if (text.size() < length) {
      return {};
    }
    std::uint32_t value = byte(0) & static_cast<std::uint8_t>(~form.mask);
    for (std::size_t at = 1; at < length; ++at) {
      if ((byte(at) & kContinuationMask) != kContinuation) {
        return {};
      }
      value = (value << kContinuationBits) | (byte(at) & static_cast<std::uint8_t>(~kContinuationMask));
    }
    const bool valid =
        value >= form.least && value <= kCharacterMost && (value < kSurrogateFirst || value > kSurrogateLast);
    return valid ? Utf8Character{value, length} : Utf8Character{};
  }
  return {};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = first_utf8(text).length;
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace disposable
