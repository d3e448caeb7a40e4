// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF. Pure functions.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace disposable {

struct Utf8Character {
  std::uint32_t value = 0;
  std::size_t length = 0;  // in bytes; 0: no UTF-8
};

// What `text`, which is not empty, begins with.
Utf8Character first_utf8(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace disposable
