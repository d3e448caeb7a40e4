// nlohmann's SAX interface instead of its DOM: a DOM would hold the secret in a std::string that nobody wipes.

#include "http/json_fields.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace disposable {

namespace {

using Json = nlohmann::json;
using Kind = JsonValue::Kind;

JsonValue of_float(double number) {
  if (number != std::trunc(number)) {
    return {Kind::kFractional};
  }
  constexpr double kBound = 9223372036854775808.0;  // 2^63, the first double that no int64 holds
  if (number >= kBound) {
    return {Kind::kTooLarge};
  }
  if (number < -kBound) {
    return {Kind::kTooSmall};
  }
  return {Kind::kInteger, {}, static_cast<std::int64_t>(number)};
}

// Collects the fields of a top-level object; anything deeper is read and dropped.
class Reader final : public nlohmann::json_sax<Json> {
 public:
  explicit Reader(std::vector<JsonField>& fields) : fields_(fields) {}

  Kind root = Kind::kAbsent;
  std::size_t error_offset = 0;

  bool null() override { return take({Kind::kNull}); }
  bool boolean(bool /*value*/) override { return take({Kind::kOther}); }
  bool number_integer(std::int64_t value) override { return take({Kind::kInteger, {}, value}); }
  bool number_unsigned(std::uint64_t value) override {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return take({Kind::kTooLarge});
    }
    return take({Kind::kInteger, {}, static_cast<std::int64_t>(value)});
  }
  bool number_float(double value, const std::string& /*text*/) override { return take(of_float(value)); }
  bool string(std::string& text) override {
    const bool go_on = take({Kind::kText, SecretBytes::copy_of(as_bytes(text))});
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return go_on;
  }
  bool binary(Json::binary_t& /*bytes*/) override { return false; }  // not in JSON text

  bool start_object(std::size_t /*size*/) override {
    return take({depth_ == 0 ? Kind::kObject : Kind::kOther}) && enter();
  }
  bool start_array(std::size_t /*size*/) override { return take({Kind::kOther}) && enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }

  bool key(std::string& name) override {
    if (depth_ == 1) {
      const auto found =
          std::find_if(fields_.begin(), fields_.end(), [&name](const JsonField& field) { return field.name == name; });
      field_ = found == fields_.end() ? nullptr : &found->value;
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/, const Json::exception& /*problem*/) override {
    error_offset = position == 0 ? 0 : position - 1;  // nlohmann counts the offending byte as read
    return false;
  }

 private:
  bool take(JsonValue value) {
    if (depth_ == 0) {
      root = value.kind;
    } else if (depth_ == 1 && field_ != nullptr && root == Kind::kObject) {
      *field_ = std::move(value);
    }
    return true;
  }
  bool enter() { return ++depth_ <= kJsonDepthMax; }
  bool leave() {
    --depth_;
    return true;
  }

  std::vector<JsonField>& fields_;
  int depth_ = 0;
  JsonValue* field_ = nullptr;
};

// What kind of value the body is; adds what is wrong with it as a whole.
Kind read(ByteView body, std::vector<JsonField>& fields, FieldErrors& errors) {
  const std::string_view text = as_text(body);
  Reader reader(fields);
  if (!Json::sax_parse(text.begin(), text.end(), &reader)) {
    errors.add_invalid_json(reader.error_offset);
  } else if (const std::size_t at = text.find('\0'); at != std::string_view::npos) {
    errors.add_invalid_json(at);  // the parser takes a NUL for the end of the text, whatever comes behind it
  } else if (reader.root != Kind::kObject && reader.root != Kind::kNull) {
    errors.add("model_attributes_type", "", "Input should be a valid dictionary or object to extract fields from");
  }
  return reader.root;
}

}  // namespace

JsonFields::JsonFields(ByteView body, std::initializer_list<std::string_view> names, Empty empty) {
  for (const std::string_view name : names) {
    fields_.push_back({name});
  }
  const Kind root = body.empty() ? Kind::kNull : read(body, fields_, errors);
  if (errors.empty() && root != Kind::kObject && empty == Empty::kMistake) {
    errors.add_missing("");
  }
  readable_ = errors.empty();
}

JsonValue& JsonFields::value(std::string_view name) {
  const auto found =
      std::find_if(fields_.begin(), fields_.end(), [name](const JsonField& field) { return field.name == name; });
  check(found != fields_.end(), "a field is among the names that were read");
  return found->value;
}

bool JsonFields::is_text(const JsonValue& value, std::string_view name) {
  if (value.kind != Kind::kText) {
    errors.add("string_type", name, "Input should be a valid string");
  }
  return value.kind == Kind::kText;
}

SecretBytes JsonFields::required_text(std::string_view name, std::size_t least, std::size_t most) {
  JsonValue& given = value(name);
  if (!readable_) {
    return {};
  }
  if (given.kind == Kind::kAbsent) {
    errors.add_missing(name);
    return {};
  }
  const bool usable = is_text(given, name) && errors.check_text(name, given.text.size(), least, most);
  return usable ? std::move(given.text) : SecretBytes{};
}

SecretBytes JsonFields::text(std::string_view name, std::size_t most) {
  return readable_ && value(name).given() ? required_text(name, 0, most) : SecretBytes{};
}

SecretBytes JsonFields::base64url(std::string_view name, std::size_t least, std::size_t most) {
  const JsonValue& given = value(name);
  if (!readable_ || !given.given() || !is_text(given, name)) {
    return {};
  }
  return decode_base64url(name, as_text(given.text.expose()), least, most, errors);
}

std::int64_t JsonFields::integer(std::string_view name, std::int64_t least, std::int64_t most,
                                 std::int64_t when_absent) {
  const JsonValue& given = value(name);
  if (!readable_ || !given.given()) {
    return when_absent;
  }
  if (given.kind == Kind::kFractional) {
    errors.add("int_from_float", name, "Input should be a valid integer, got a number with a fractional part");
  } else if (given.kind == Kind::kTooSmall || (given.kind == Kind::kInteger && given.integer < least)) {
    errors.add_too_small(name, least);
  } else if (given.kind == Kind::kTooLarge || (given.kind == Kind::kInteger && given.integer > most)) {
    errors.add_too_large(name, most);
  } else if (given.kind != Kind::kInteger) {
    errors.add("int_type", name, "Input should be a valid integer");
  } else {
    return given.integer;
  }
  return when_absent;
}

void JsonFields::forbid(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (readable_ && value(name).given()) {
      errors.add("extra_forbidden", name, "Extra inputs are not permitted");
    }
  }
}

}  // namespace disposable
