#include "client/password.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace disposable {

namespace {

struct Alphabet {
  std::string_view name;
  std::string_view characters;
};

constexpr std::array<Alphabet, 6> kAlphabets{{
    {"letters-digits", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"},
    {"letters", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"},
    {"digits", "0123456789"},
    {"hex", "0123456789abcdef"},
    {"readable", "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"},
    {"all", "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"},
}};

// Below `most`, each with equal chance: draws that would favour the first ones are thrown away.
std::size_t draw_below(std::size_t most, Random& random) {
  constexpr std::size_t kDraws = 256;
  const std::size_t fair = kDraws - kDraws % most;
  for (;;) {
    std::array<std::uint8_t, 1> drawn{};
    random.fill(drawn);
    if (drawn[0] < fair) {
      return drawn[0] % most;
    }
  }
}

}  // namespace

std::string_view password_alphabet(std::string_view name) {
  const auto* const found = std::find_if(kAlphabets.begin(), kAlphabets.end(),
                                         [name](const Alphabet& alphabet) { return alphabet.name == name; });
  return found == kAlphabets.end() ? std::string_view{} : found->characters;
}

SecretBytes generate_password(std::string_view alphabet, std::size_t length, Random& random) {
  SecretBytes password(length);
  for (std::uint8_t& character : password.expose_mutable()) {
    character = static_cast<std::uint8_t>(alphabet[draw_below(alphabet.size(), random)]);
  }
  return password;
}

SecretBytes generate_passphrase(std::size_t words, Random& random) {
  constexpr std::string_view kConsonants = "bdfghjklmnprstvz";
  constexpr std::string_view kVowels = "aiou";
  constexpr std::size_t kLetters = 5;
  SecretBytes passphrase(words * (kLetters + 1) - 1);
  std::size_t at = 0;
  for (std::uint8_t& character : passphrase.expose_mutable()) {
    const std::size_t place = at++ % (kLetters + 1);
    const std::string_view from = place % 2 == 0 ? kConsonants : kVowels;
    character = static_cast<std::uint8_t>(place == kLetters ? '-' : from[draw_below(from.size(), random)]);
  }
  return passphrase;
}

double password_bits(std::string_view alphabet, std::size_t length) {
  return static_cast<double>(length) * std::log2(static_cast<double>(alphabet.size()));
}

}  // namespace disposable
