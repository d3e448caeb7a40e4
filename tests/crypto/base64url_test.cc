// Goal: base64url as RFC 4648 has it, without padding, and each byte string in one form only.

#include "crypto/base64url.h"

#include <doctest/doctest.h>

namespace disposable {

TEST_CASE("base64url: the vectors of RFC 4648, section 10, without padding") {
  struct Row {
    std::string_view bytes;
    std::string_view text;
  };
  for (const Row row : {Row{"", ""}, Row{"f", "Zg"}, Row{"fo", "Zm8"}, Row{"foo", "Zm9v"}, Row{"foob", "Zm9vYg"},
                        Row{"fooba", "Zm9vYmE"}, Row{"foobar", "Zm9vYmFy"}, Row{"\xFB\xEF\xFF", "--__"}}) {
    CHECK(base64url_encode(as_bytes(row.bytes)) == row.text);
    CHECK(as_text(base64url_encode_secret(as_bytes(row.bytes)).expose()) == row.text);
    CHECK(as_text(base64url_decode(row.text)->expose()) == row.bytes);
    CHECK(base64url_size(row.bytes.size()) == row.text.size());
  }
}

TEST_CASE("base64url: all bytes, whatever the length, come back") {
  for (std::size_t size = 0; size < 300; ++size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
      bytes[i] = static_cast<std::uint8_t>(i * 7 + size);
    }
    const std::string text = base64url_encode(bytes);
    CHECK(as_text(base64url_decode(text)->expose()) == as_text(bytes));
  }
}

TEST_CASE("base64url: anything else is refused") {
  for (const std::string_view text :
       {"A", "AAAAA", "Zg==", "Zg=", "Zh", "Zm9", "Zm+v", "Zm/v", "Zm9v ", " Zm9v", "Zm9v\n", "Zm\xC3\xA4", "Z\0"}) {
    CAPTURE(text);
    CHECK(base64url_decode(text).error().code == Errc::kInvalidArgument);
  }
  CHECK_FALSE(base64url_decode(std::string_view("AA\0A", 4)).has_value());
}

}  // namespace disposable
