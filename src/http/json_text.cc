#include "http/json_text.h"

#include <algorithm>
#include <array>

namespace disposable {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

// The letter after the backslash for the characters that have one (RFC 8259, section 7); 0 for the others.
char short_escape(std::uint8_t c) {
  switch (c) {
    case '"':
    case '\\':
      return static_cast<char>(c);
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

std::size_t escaped_size(std::uint8_t c) {
  if (short_escape(c) != 0) {
    return 2;
  }
  return c < 0x20 ? 6 : 1;
}

}  // namespace

SecretBytes json_object_of(std::string_view name, ByteView text) {
  constexpr std::size_t kPunctuation = 7;  // {"": ""} without its space
  std::size_t size = kPunctuation + name.size();
  for (const std::uint8_t c : text) {
    size += escaped_size(c);
  }
  return JsonObject(size).text(name, text).take();
}

JsonObject& JsonObject::text(std::string_view name, ByteView text) {
  begin_member(name);
  put("\"");
  while (!text.empty()) {
    const auto special = std::find_if(text.begin(), text.end(), [](std::uint8_t c) { return escaped_size(c) > 1; });
    const auto plain = static_cast<std::size_t>(special - text.begin());
    put(as_text(text.first(plain)));
    if (plain < text.size()) {
      put_escaped(text[plain]);
    }
    text = text.subspan(std::min(plain + 1, text.size()));
  }
  put("\"");
  return *this;
}

JsonObject& JsonObject::number(std::string_view name, std::uint64_t value) {
  begin_member(name);
  put(std::to_string(value));
  return *this;
}

JsonObject& JsonObject::boolean(std::string_view name, bool value) {
  begin_member(name);
  put(value ? "true" : "false");
  return *this;
}

SecretBytes JsonObject::take() {
  put("}");
  return size_ == bytes_.size() ? std::move(bytes_) : SecretBytes::copy_of(bytes_.expose().first(size_));
}

void JsonObject::begin_member(std::string_view name) {
  put(size_ == 1 ? "\"" : ",\"");
  put(name);
  put("\":");
}

void JsonObject::put(std::string_view text) {
  check(text.size() <= bytes_.size() - size_, "a JSON object has the room that it needs");
  std::copy(text.begin(), text.end(), bytes_.expose_mutable().subspan(size_).begin());
  size_ += text.size();
}

void JsonObject::put_escaped(std::uint8_t c) {
  if (const char letter = short_escape(c); letter != 0) {
    const std::array<char, 2> escaped{'\\', letter};
    put({escaped.data(), escaped.size()});
  } else {
    const std::array<char, 6> escaped{'\\', 'u', '0', '0', kDigits[c >> 4U], kDigits[c & 0x0FU]};
    put({escaped.data(), escaped.size()});
  }
}

}  // namespace disposable
