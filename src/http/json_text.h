// JSON as answers hold it, written into memory that is sized once and wiped.
//
// Names need no escaping; texts are valid UTF-8. Pure, thread-compatible. They throw nothing but bad_alloc.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "crypto/secret_bytes.h"

namespace disposable {

// {"<name>": "<text>"}, escaped.
SecretBytes json_object_of(std::string_view name, ByteView text);

// An object, member by member. More than `bytes_max` bytes are a broken invariant.
class JsonObject {
 public:
  explicit JsonObject(std::size_t bytes_max) : bytes_(bytes_max) { put("{"); }

  JsonObject& text(std::string_view name, ByteView text);
  JsonObject& text(std::string_view name, std::string_view text) { return this->text(name, as_bytes(text)); }
  JsonObject& number(std::string_view name, std::uint64_t value);
  JsonObject& boolean(std::string_view name, bool value);
  // RFC 3339, in UTC with milliseconds.
  JsonObject& time(std::string_view name, WallTime time) { return text(name, format_utc(time)); }

  // The whole of it; nothing may follow.
  SecretBytes take();

 private:
  void begin_member(std::string_view name);
  void put(std::string_view text);
  void put_escaped(std::uint8_t c);

  SecretBytes bytes_;
  std::size_t size_ = 0;
};

}  // namespace disposable
