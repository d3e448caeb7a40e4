// What is inside an end-to-end encrypted secret: texts and files, filled up so that its length says little.
//
//   u8 1 | u8 number of parts (1..100) | parts | zero bytes up to a multiple of 256
//   part: u8 kind (0 text, 1 file) | u16 length of the name | name, UTF-8 (text: empty) | u64 length | bytes
//
// All numbers are big-endian. Thread-compatible values.

#pragma once

#include <string>
#include <vector>

#include "crypto/secret_bytes.h"

namespace disposable {

struct Part {
  enum class Kind : std::uint8_t { kText = 0, kFile = 1 };
  Kind kind = Kind::kText;
  std::string name;  // of a file, without a folder
  SecretBytes content;
};

inline constexpr std::size_t kPartsMax = 100;
inline constexpr std::size_t kContainerBlock = 256;

// At least one part, at most 100; names of at most 65,535 bytes.
SecretBytes encode_container(const std::vector<Part>& parts);

// kCorrupt for anything that encode_container() would not have made: another version, no parts, a text with a name, a
// name that is no UTF-8, filling that is not zero or too long.
Result<std::vector<Part>> decode_container(ByteView bytes);

}  // namespace disposable
