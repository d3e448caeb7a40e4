// What is wrong with the fields of a request, in the form of FastAPI's 422: types and messages are pydantic 2's.
//
// Nothing of a request's content is in it. Thread-compatible values. They throw nothing but bad_alloc.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "crypto/secret_bytes.h"

namespace disposable {

// One entry of a 422.
struct FieldError {
  std::string_view type;
  std::string_view field;               // a constant; empty: the body as a whole
  std::optional<std::size_t> offset{};  // where the JSON stops being JSON, in bytes
  std::string message;
  std::string_view place = "body";  // or "header"
};

template <class T>
using Validated = tl::expected<T, std::vector<FieldError>>;  // at least one error, in the order of the fields

// [{"type","loc","msg"}], as JSON.
std::string json_array_of(const std::vector<FieldError>& errors);

// Collects the errors of all fields in one place. The checks return whether the value may be used.
class FieldErrors {
 public:
  // `place`: "body" or "header".
  explicit FieldErrors(std::string_view place) : place_(place) {}

  void add(std::string_view type, std::string_view field, std::string message) {
    all_.push_back({type, field, std::nullopt, std::move(message), place_});
  }
  void add_invalid_json(std::size_t offset) {
    all_.push_back({"json_invalid", "", offset, "JSON decode error", place_});
  }
  void add_missing(std::string_view field) { add("missing", field, "Field required"); }

  bool check_text(std::string_view field, std::size_t bytes, std::size_t least, std::size_t most);
  bool check_bytes(std::string_view field, std::size_t bytes, std::size_t least, std::size_t most);
  void add_too_small(std::string_view field, std::int64_t least);
  void add_too_large(std::string_view field, std::int64_t most);

  // After those that there are.
  void append(FieldErrors others);
  bool empty() const { return all_.empty(); }
  std::vector<FieldError> take() { return std::move(all_); }

 private:
  std::string_view place_;
  std::vector<FieldError> all_;
};

// The bytes that `text` stands for; empty, with an error, when it is not base64url or its bytes are out of bounds.
SecretBytes decode_base64url(std::string_view field, std::string_view text, std::size_t least, std::size_t most,
                             FieldErrors& errors);

}  // namespace disposable
