// nlohmann's SAX interface instead of its DOM: a DOM would hold the secret in a std::string that nobody wipes.

#include "http/json_body.h"

#include <cmath>
#include <cstdint>
#include <limits>

#include <nlohmann/json.hpp>

namespace disposable {

namespace {

using Json = nlohmann::json;

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

struct Value {
  Kind kind = Kind::kAbsent;
  SecretBytes text{};
  std::int64_t integer = 0;
};

Value of_float(double number) {
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
class BodyReader final : public nlohmann::json_sax<Json> {
 public:
  Value root;
  Value secret;
  Value passphrase;
  Value ttl_seconds;
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
      field_ = name == "secret"        ? &secret
               : name == "passphrase"  ? &passphrase
               : name == "ttl_seconds" ? &ttl_seconds
                                       : nullptr;
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/, const Json::exception& /*problem*/) override {
    error_offset = position == 0 ? 0 : position - 1;  // nlohmann counts the offending byte as read
    return false;
  }

 private:
  bool take(Value value) {
    if (depth_ == 0) {
      root = std::move(value);
    } else if (depth_ == 1 && field_ != nullptr && root.kind == Kind::kObject) {
      *field_ = std::move(value);
    }
    return true;
  }
  bool enter() { return ++depth_ <= kJsonDepthMax; }
  bool leave() {
    --depth_;
    return true;
  }

  int depth_ = 0;
  Value* field_ = nullptr;
};

using Errors = std::vector<BodyError>;

// What is wrong with the body as a whole, if anything. null passes.
Errors read(ByteView body, BodyReader& reader) {
  const std::string_view text = as_text(body);
  if (!Json::sax_parse(text.begin(), text.end(), &reader)) {
    return {{"json_invalid", "", reader.error_offset, "JSON decode error"}};
  }
  // The parser takes a NUL for the end of the text, whatever comes behind it.
  if (const std::size_t at = text.find('\0'); at != std::string_view::npos) {
    return {{"json_invalid", "", at, "JSON decode error"}};
  }
  if (reader.root.kind != Kind::kObject && reader.root.kind != Kind::kNull) {
    return {{"model_attributes_type", "", std::nullopt,
             "Input should be a valid dictionary or object to extract fields from"}};
  }
  return {};
}

void check_text(const Value& value, std::string_view field, std::size_t bytes_max, Errors& errors) {
  if (value.kind != Kind::kText) {
    errors.push_back({"string_type", field, std::nullopt, "Input should be a valid string"});
  } else if (value.text.size() > bytes_max) {
    errors.push_back(
        {"string_too_long", field, std::nullopt,
         "String should have at most " + std::to_string(bytes_max) + " characters, counted as bytes of UTF-8"});
  }
}

void check_secret(const Value& value, const BodyLimits& limits, Errors& errors) {
  if (value.kind == Kind::kAbsent) {
    errors.push_back({"missing", "secret", std::nullopt, "Field required"});
  } else if (value.kind == Kind::kText && value.text.empty()) {
    errors.push_back({"string_too_short", "secret", std::nullopt, "String should have at least 1 character"});
  } else {
    check_text(value, "secret", limits.secret_bytes_max, errors);
  }
}

void check_passphrase(const Value& value, const BodyLimits& limits, Errors& errors) {
  if (value.kind != Kind::kAbsent && value.kind != Kind::kNull) {
    check_text(value, "passphrase", limits.passphrase_bytes_max, errors);
  }
}

void check_ttl(const Value& value, const BodyLimits& limits, Errors& errors) {
  const auto add = [&errors](std::string_view type, std::string message) {
    errors.push_back({type, "ttl_seconds", std::nullopt, std::move(message)});
  };
  if (value.kind == Kind::kAbsent || value.kind == Kind::kNull) {
    return;
  }
  if (value.kind == Kind::kFractional) {
    add("int_from_float", "Input should be a valid integer, got a number with a fractional part");
  } else if (value.kind == Kind::kTooSmall || (value.kind == Kind::kInteger && value.integer < 1)) {
    add("greater_than_equal", "Input should be greater than or equal to 1");
  } else if (value.kind == Kind::kTooLarge ||
             (value.kind == Kind::kInteger && value.integer > limits.ttl_max.count())) {
    add("less_than_equal", "Input should be less than or equal to " + std::to_string(limits.ttl_max.count()));
  } else if (value.kind != Kind::kInteger) {
    add("int_type", "Input should be a valid integer");
  }
}

}  // namespace

Validated<CreateBody> parse_create_body(ByteView body, const BodyLimits& limits) {
  BodyReader reader;
  Errors errors = body.empty() ? Errors{} : read(body, reader);
  if (errors.empty() && reader.root.kind != Kind::kObject) {
    errors.push_back({"missing", "", std::nullopt, "Field required"});
  } else if (errors.empty()) {
    check_secret(reader.secret, limits, errors);
    check_passphrase(reader.passphrase, limits, errors);
    check_ttl(reader.ttl_seconds, limits, errors);
  }
  if (!errors.empty()) {
    return tl::unexpected(std::move(errors));
  }
  CreateBody valid{std::move(reader.secret.text), std::move(reader.passphrase.text), kTtlDefault};
  if (reader.ttl_seconds.kind == Kind::kInteger) {
    valid.ttl = std::chrono::seconds{reader.ttl_seconds.integer};
  }
  return valid;
}

Validated<DeleteBody> parse_delete_body(ByteView body, const BodyLimits& limits) {
  BodyReader reader;
  Errors errors = body.empty() ? Errors{} : read(body, reader);
  if (errors.empty()) {
    check_passphrase(reader.passphrase, limits, errors);
  }
  if (!errors.empty()) {
    return tl::unexpected(std::move(errors));
  }
  return DeleteBody{std::move(reader.passphrase.text)};
}

}  // namespace disposable
