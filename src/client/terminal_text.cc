#include "client/terminal_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/utf8.h"

namespace disposable {

namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Controls of Unicode, and what reorders or hides text around it (the "Trojan Source" characters, and tags).
constexpr std::array<Range, 11> kSteering{{{0x00, 0x1f},
                                           {0x7f, 0x9f},
                                           {0xad, 0xad},
                                           {0x61c, 0x61c},
                                           {0x180e, 0x180e},
                                           {0x200b, 0x200f},
                                           {0x2028, 0x202e},
                                           {0x2060, 0x206f},
                                           {0xfeff, 0xfeff},
                                           {0xfff9, 0xfffb},
                                           {0xe0000, 0xe007f}}};

bool steers(std::uint32_t value) {
  return std::any_of(kSteering.begin(), kSteering.end(),
                     [value](const Range& range) { return value >= range.first && value <= range.last; });
}

// Calls `put` with each piece of what is to be shown.
template <class Put>
void show(std::string_view text, std::string_view let_through, const Put& put) {
  constexpr std::uint32_t kAsciiMost = 0x7f;
  while (!text.empty()) {
    const Utf8Character character = first_utf8(text);
    const std::size_t length = std::max<std::size_t>(character.length, 1);
    const std::string_view piece = text.substr(0, length);
    text.remove_prefix(length);
    if (character.length != 0 && (!steers(character.value) || let_through.find(piece) != std::string_view::npos)) {
      put(piece);
      continue;
    }
    std::array<char, 12> shown{};
    const bool one_byte = character.length == 0 || character.value <= kAsciiMost;
    const int size = one_byte
                         ? std::snprintf(shown.data(), shown.size(), "\\x%02x", static_cast<std::uint8_t>(piece[0]))
                         : std::snprintf(shown.data(), shown.size(), "\\u{%x}", character.value);
    put(std::string_view(shown.data(), static_cast<std::size_t>(size)));
  }
}

}  // namespace

SecretBytes harmless_text(ByteView text) {
  constexpr std::string_view kLayout = "\n\t";
  std::size_t size = 0;
  show(as_text(text), kLayout, [&size](std::string_view piece) { size += piece.size(); });
  SecretBytes shown(size);  // sized before it is written: growing would leave copies
  auto at = shown.expose_mutable().begin();
  show(as_text(text), kLayout, [&at](std::string_view piece) {
    const ByteView bytes = as_bytes(piece);
    at = std::copy(bytes.begin(), bytes.end(), at);
  });
  return shown;
}

std::string harmless_name(std::string_view name) {
  std::string shown;
  show(name, {}, [&shown](std::string_view piece) { shown += piece; });
  return shown;
}

}  // namespace disposable
