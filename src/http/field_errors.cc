#include "http/field_errors.h"

#include <iterator>

#include "crypto/base64url.h"

namespace disposable {

namespace {

std::string counted(std::size_t count, std::string_view unit) {
  return std::to_string(count).append(" ").append(unit).append(count == 1 ? "" : "s");
}

}  // namespace

std::string json_array_of(const std::vector<FieldError>& errors) {
  std::string json = "[";
  for (const FieldError& error : errors) {
    json += json.back() == '[' ? "{\"type\":\"" : ",{\"type\":\"";
    json.append(error.type).append("\",\"loc\":[\"").append(error.place).append("\"");
    if (!error.field.empty()) {
      json.append(",\"").append(error.field).append("\"");
    }
    if (error.offset) {
      json.append(",").append(std::to_string(*error.offset));
    }
    json.append("],\"msg\":\"").append(error.message).append("\"}");
  }
  return json += "]";
}

bool FieldErrors::check_text(std::string_view field, std::size_t bytes, std::size_t least, std::size_t most) {
  if (bytes < least) {
    add("string_too_short", field, "String should have at least " + counted(least, "character"));
  } else if (bytes > most) {
    add("string_too_long", field,
        "String should have at most " + std::to_string(most) + " characters, counted as bytes of UTF-8");
  }
  return bytes >= least && bytes <= most;
}

bool FieldErrors::check_bytes(std::string_view field, std::size_t bytes, std::size_t least, std::size_t most) {
  if (bytes < least) {
    add("bytes_too_short", field, "Data should have at least " + counted(least, "byte"));
  } else if (bytes > most) {
    add("bytes_too_long", field, "Data should have at most " + counted(most, "byte"));
  }
  return bytes >= least && bytes <= most;
}

void FieldErrors::add_too_small(std::string_view field, std::int64_t least) {
  add("greater_than_equal", field, "Input should be greater than or equal to " + std::to_string(least));
}

void FieldErrors::add_too_large(std::string_view field, std::int64_t most) {
  add("less_than_equal", field, "Input should be less than or equal to " + std::to_string(most));
}

void FieldErrors::append(FieldErrors others) {
  all_.insert(all_.end(), std::make_move_iterator(others.all_.begin()), std::make_move_iterator(others.all_.end()));
}

SecretBytes decode_base64url(std::string_view field, std::string_view text, std::size_t least, std::size_t most,
                             FieldErrors& errors) {
  Result<SecretBytes> bytes = base64url_decode(text);
  if (!bytes) {
    errors.add("base64_decode", field, "Base64 decoding error: base64url without padding is expected");
    return {};
  }
  return errors.check_bytes(field, bytes->size(), least, most) ? std::move(*bytes) : SecretBytes{};
}

}  // namespace disposable
