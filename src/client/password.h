// Passwords and passphrases that nobody has to think of. Randomness is an argument.

#pragma once

#include <string_view>

#include "crypto/random.h"
#include "crypto/secret_bytes.h"

namespace disposable {

// The characters of the alphabet of that name: letters-digits, letters, digits, hex, readable (none that look alike),
// all (visible ASCII). Empty: there is none of that name.
std::string_view password_alphabet(std::string_view name);

// `length` characters, each one of `alphabet` with equal chance.
SecretBytes generate_password(std::string_view alphabet, std::size_t length, Random& random);

// `words` words of five letters that can be spoken ("lusab-babad"), 16 bits each: proquints, arXiv:0901.4016.
SecretBytes generate_passphrase(std::size_t words, Random& random);

// How many bits of chance are in one of them.
double password_bits(std::string_view alphabet, std::size_t length);
inline constexpr int kBitsOfWord = 16;

}  // namespace disposable
