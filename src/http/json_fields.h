// JsonFields: the fields that an operation knows of the JSON object that a request brings, read into wiped memory.
//
// Unknown fields are ignored; of a repeated field the last one counts. Bounds of strings are counted in bytes of UTF-8.
// Errors are collected, so that all are reported at once; after an error of the body as a whole every field is absent
// and adds none of its own. A field that may be absent may be null.
//
// Thread-compatible. Throws nothing but bad_alloc. nlohmann's lexer keeps short-lived copies of a string while it reads
// it; what wipes them is app/wiping_delete.cc.

#pragma once

#include <initializer_list>

#include "crypto/secret_bytes.h"
#include "http/field_errors.h"

namespace disposable {

// Deeper nesting is refused as json_invalid; our bodies have a depth of one.
inline constexpr int kJsonDepthMax = 64;

struct JsonValue {
  enum class Kind : std::uint8_t {
    kAbsent,
    kNull,
    kText,
    kInteger,     // fits an int64
    kFractional,  // a number with a fractional part
    kTooLarge,    // an integer over every int64
    kTooSmall,    // an integer below every int64
    kObject,
    kOther,
  };
  Kind kind = Kind::kAbsent;
  SecretBytes text{};
  std::int64_t integer = 0;

  bool given() const { return kind != Kind::kAbsent && kind != Kind::kNull; }
};

struct JsonField {
  std::string_view name;
  JsonValue value{};
};

class JsonFields {
 public:
  // What an empty body, or null, stands for.
  enum class Empty : std::uint8_t { kMistake, kNoFields };

  JsonFields(ByteView body, std::initializer_list<std::string_view> names, Empty empty);

  SecretBytes required_text(std::string_view name, std::size_t least, std::size_t most);
  // Empty when absent.
  SecretBytes text(std::string_view name, std::size_t most);
  // What base64url stands for; empty when absent.
  SecretBytes base64url(std::string_view name, std::size_t least, std::size_t most);
  std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most, std::int64_t when_absent);

  // Fields that are known elsewhere and would be ignored here.
  void forbid(std::initializer_list<std::string_view> names);

  FieldErrors errors{"body"};

 private:
  JsonValue& value(std::string_view name);
  bool is_text(const JsonValue& value, std::string_view name);

  std::vector<JsonField> fields_;
  bool readable_ = false;
};

}  // namespace disposable
