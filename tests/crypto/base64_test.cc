// Goal: base64 is what RFC 4648 says, and nothing else decodes; HMAC-SHA256 is what RFC 4231 says. Method: their
// tables.

#include "crypto/base64.h"

#include <doctest/doctest.h>

#include "crypto/hmac.h"

namespace disposable {

TEST_CASE("base64: the vectors of RFC 4648, both ways") {
  const struct {
    std::string_view plain, text;
  } rows[] = {{"", ""},
              {"f", "Zg=="},
              {"fo", "Zm8="},
              {"foo", "Zm9v"},
              {"foob", "Zm9vYg=="},
              {"fooba", "Zm9vYmE="},
              {"foobar", "Zm9vYmFy"},
              {"\xFB\xFF\xBF", "+/+/"}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(base64_encode(as_bytes(row.plain)) == row.text);
    const Result<SecretBytes> decoded = base64_decode(row.text);
    REQUIRE(decoded);
    CHECK(as_text(decoded->expose()) == row.plain);
  }
}

TEST_CASE("base64: other text does not decode") {
  for (const std::string_view text :
       {"Zg", "Zg=", "Zg===", "Zm9v=", "Zh==", "Zm9=", "Z", "=", "Zm 9v", "Zm9v\n", "-_-_", "Zm9vZ"}) {
    CAPTURE(text);
    CHECK_FALSE(base64_decode(text));
  }
}

TEST_CASE("hmac: the vectors of RFC 4231, in one part and in two") {
  const struct {
    std::string key, data, mac;
  } rows[] = {
      {std::string(20, '\x0B'), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xAA'), std::string(50, '\xDD'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {std::string(131, '\xAA'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.mac);
    CHECK(to_hex(hmac_sha256(as_bytes(row.key), {as_bytes(row.data)})) == row.mac);
    const std::string_view data = row.data;
    CHECK(to_hex(hmac_sha256(as_bytes(row.key), {as_bytes(data.substr(0, 3)), as_bytes(data.substr(3))})) == row.mac);
  }
}

}  // namespace disposable
