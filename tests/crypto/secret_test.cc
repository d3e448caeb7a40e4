// Goal: secret types cannot be copied, printed or compared by accident, and wipe what they leave behind.

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <type_traits>

#include "crypto/secret_bytes.h"
#include "crypto/secret_key.h"
#include "support/fakes.h"

namespace disposable {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <class T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};

TEST_CASE_TEMPLATE("secret types: move only, not printable, not comparable", T, SecretBytes, SymmetricKey, SecretKey) {
  static_assert(!std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>);
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>);
  static_assert(!Printable<T>);
  static_assert(!Comparable<T>);
  static_assert(!std::is_convertible_v<T, std::string_view>);
}

TEST_CASE("secret types: what was moved from holds nothing") {
  SecretBytes bytes = SecretBytes::copy_of(as_bytes("hunter2"));
  const SecretBytes moved = std::move(bytes);
  CHECK(bytes.empty());  // NOLINT(bugprone-use-after-move): the promise under test
  CHECK(as_text(moved.expose()) == "hunter2");

  SymmetricKey key;
  std::fill(key.expose_mutable().begin(), key.expose_mutable().end(), std::uint8_t{9});
  const SymmetricKey moved_key = std::move(key);
  CHECK(std::all_of(key.expose().begin(), key.expose().end(),  // NOLINT(bugprone-use-after-move)
                    [](std::uint8_t byte) { return byte == 0; }));
  CHECK(moved_key.expose()[0] == 9);
}

TEST_CASE("secret bytes: the block is wiped before it is given back") {
  std::array<std::uint8_t, 64> memory{};
  std::fill(memory.begin(), memory.end(), std::uint8_t{1});
  wipe(memory);
  CHECK(std::all_of(memory.begin(), memory.end(), [](std::uint8_t byte) { return byte == 0; }));
}

TEST_CASE("constant-time comparison: equal content and length only") {
  CHECK(equal_constant_time(as_bytes("abc"), as_bytes("abc")));
  CHECK_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abd")));
  CHECK_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("ab")));
  CHECK(equal_constant_time({}, {}));
}

TEST_CASE("secret key: text and bytes agree, in either case") {
  SeededRandom random(1);
  const SecretKey key = SecretKey::generate(random);
  const std::string text(as_text(key.format().expose()));
  std::string upper = text;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'f' ? char(c - 32) : c; });
  for (const std::string& form : {text, upper}) {
    const Result<SecretKey> parsed = SecretKey::parse(form);
    REQUIRE(parsed);
    CHECK(equal_constant_time(parsed->expose(), key.expose()));
  }
  CHECK(text[14] == '4');
  CHECK(std::string("89ab").find(text[19]) != std::string::npos);
}

TEST_CASE("secret key: everything that is not a UUIDv4 is kNotFound") {
  const std::string_view rows[] = {
      "",
      "550e8400-e29b-41d4-a716-44665544000",    // short
      "550e8400-e29b-41d4-a716-4466554400000",  // long
      "550e8400e29b41d4a716446655440000",       // no hyphens
      "{50e8400-e29b-41d4-a716-446655440000",   // braces
      "550e8400-e29b-41d4-a716-44665544000g",   // not hexadecimal
      "550e8400-e29b-11d4-a716-446655440000",   // version 1
      "550e8400-e29b-41d4-c716-446655440000",   // Microsoft variant
      "550e8400-e29b-41d4-a716_446655440000",   // wrong separator
      "550e8400--29b-41d4-a716-446655440000",   // hyphen as a digit
      "../../../../../../../etc/passwd/0000",   // a path
      std::string_view("550e8400-e29b-41d4-a716-44665544000\0", 36),
  };
  for (const std::string_view row : rows) {
    CAPTURE(row);
    CHECK(SecretKey::parse(row).error().code == Errc::kNotFound);
  }
}

}  // namespace disposable
