// Goal: generated passwords use all of their alphabet and nothing else.

#include <doctest/doctest.h>

#include <set>

#include "client/password.h"
#include "support/fakes.h"

namespace disposable {

TEST_CASE("password: has its length, all characters of its alphabet, and no others") {
  SystemRandom random;
  for (const std::string_view name : {"letters-digits", "letters", "digits", "hex", "readable", "all"}) {
    CAPTURE(name);
    const std::string_view alphabet = password_alphabet(name);
    const SecretBytes password = generate_password(alphabet, 5000, random);
    CHECK(password.size() == 5000);
    const std::set<char> used(as_text(password.expose()).begin(), as_text(password.expose()).end());
    CHECK(used == std::set<char>(alphabet.begin(), alphabet.end()));
  }
  CHECK(password_alphabet("none").empty());
  CHECK(password_alphabet("readable").find_first_of("0O1Il") == std::string_view::npos);
}

TEST_CASE("password: a draw that would favour the first characters is thrown away") {
  struct Rising final : Random {
    std::uint8_t next = 249;
    void fill(std::span<std::uint8_t> out) override {
      for (std::uint8_t& byte : out) {
        byte = next++;
      }
    }
  } random;
  // Of 256 draws 250 are fair for ten digits: 249 gives "9", 250 to 255 nothing, then 0 gives "0".
  CHECK(as_text(generate_password("0123456789", 2, random).expose()) == "90");
}

TEST_CASE("passphrase: words of consonants and vowels in turn") {
  SystemRandom random;
  const SecretBytes passphrase = generate_passphrase(3, random);
  const std::string_view text = as_text(passphrase.expose());
  REQUIRE(text.size() == 17);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view allowed = i % 6 == 5 ? "-" : i % 6 % 2 == 0 ? "bdfghjklmnprstvz" : "aiou";
    CHECK(allowed.find(text[i]) != std::string_view::npos);
  }
}

TEST_CASE("password: the bits of chance are told") {
  CHECK(password_bits("0123456789abcdef", 10) == 40.0);
  CHECK(password_bits("01", 3) == 3.0);
}

}  // namespace disposable
