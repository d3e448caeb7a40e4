// Goal: what the codec writes it reads back, and damaged input is noticed instead of guessed.

#include "base/bytes.h"

#include <doctest/doctest.h>

namespace disposable {

TEST_CASE("codec: everything written is read back in order") {
  const Bytes block{1, 2, 3};
  const Bytes bytes = ByteWriter().u8(7).u32(0xDEADBEEF).u64(1ULL << 63U).i64(-5).block(block).raw(block).take();
  ByteReader reader(bytes);
  CHECK(reader.u8() == 7);
  CHECK(reader.u32() == 0xDEADBEEF);
  CHECK(reader.u64() == 1ULL << 63U);
  CHECK(reader.i64() == -5);
  CHECK(reader.block(3) == block);
  CHECK_FALSE(reader.finished());
  CHECK(reader.array<3>() == std::array<std::uint8_t, 3>{1, 2, 3});
  CHECK(reader.finished());
}

TEST_CASE("codec: integers are little-endian") { CHECK(ByteWriter().u32(0x01020304).take() == Bytes{4, 3, 2, 1}); }

TEST_CASE("codec: a short read fails and stays failed") {
  const Bytes bytes{1, 2, 3};
  ByteReader reader(bytes);
  CHECK(reader.u32() == 0);
  CHECK_FALSE(reader.ok());
  CHECK(reader.u8() == 0);
  CHECK_FALSE(reader.finished());
}

TEST_CASE("codec: a block longer than allowed, or longer than the input, fails") {
  const Bytes long_block = ByteWriter().block(Bytes(9)).take();
  ByteReader too_long(long_block);
  CHECK(too_long.block(8).empty());
  CHECK_FALSE(too_long.ok());
  const Bytes lying = ByteWriter().u32(100).u8(1).take();
  ByteReader cut_short(lying);
  CHECK(cut_short.block(1000).empty());
  CHECK_FALSE(cut_short.ok());
}

TEST_CASE("hex: round trip and refusals") {
  CHECK(to_hex(Bytes{0x00, 0xAB, 0xFF}) == "00abff");
  CHECK(from_hex("00ABff").value() == Bytes{0x00, 0xAB, 0xFF});
  for (const char* bad : {"0", "0g", "g0", " 0"}) {
    CAPTURE(bad);
    CHECK(from_hex(bad).error().code == Errc::kInvalidArgument);
  }
}

}  // namespace disposable
