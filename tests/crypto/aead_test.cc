// Goal: a box opens with exactly its key and its associated data, and any changed bit is noticed.

#include "crypto/aead.h"

#include <doctest/doctest.h>

#include "crypto/hash.h"
#include "support/fakes.h"

namespace disposable {

namespace {

SymmetricKey key_of(std::uint8_t value) {
  SymmetricKey key;
  std::fill(key.expose_mutable().begin(), key.expose_mutable().end(), value);
  return key;
}

}  // namespace

TEST_CASE("aead: a sealed box opens to the same bytes") {
  SeededRandom random(1);
  const Bytes box = seal(key_of(1), as_bytes("attack at dawn"), as_bytes("header"), random);
  CHECK(box.size() == 14 + kBoxOverhead);
  CHECK(as_text(open(key_of(1), box, as_bytes("header"))->expose()) == "attack at dawn");
}

TEST_CASE("aead: another key, other associated data, a flipped bit or a cut box do not open") {
  SeededRandom random(1);
  const Bytes box = seal(key_of(1), as_bytes("attack at dawn"), as_bytes("header"), random);
  CHECK(open(key_of(2), box, as_bytes("header")).error().code == Errc::kCorrupt);
  CHECK(open(key_of(1), box, as_bytes("Header")).error().code == Errc::kCorrupt);
  for (std::size_t i = 0; i < box.size(); ++i) {
    Bytes flipped = box;
    flipped[i] ^= 1U;
    CAPTURE(i);
    CHECK(open(key_of(1), flipped, as_bytes("header")).error().code == Errc::kCorrupt);
    CHECK(open(key_of(1), ByteView(box).first(i), as_bytes("header")).error().code == Errc::kCorrupt);
  }
}

TEST_CASE("aead: two boxes of one plaintext differ") {
  SeededRandom random(1);
  CHECK(seal(key_of(1), as_bytes("x"), {}, random) != seal(key_of(1), as_bytes("x"), {}, random));
}

TEST_CASE("hash: BLAKE2b keyed, golden value of RFC 7693 construction") {
  std::array<std::uint8_t, 32> out{};
  keyed_hash(key_of(0), {as_bytes("ab"), as_bytes("c")}, out);
  std::array<std::uint8_t, 32> joined{};
  keyed_hash(key_of(0), {as_bytes("abc")}, joined);
  CHECK(out == joined);
  // Python: hashlib.blake2b(b"abc", key=bytes(32), digest_size=32).hexdigest()
  CHECK(to_hex(out) == "bad705ff155af631f38dc6cafdda827a31595c802f3ff585c10691c58944d89b");
}

}  // namespace disposable
