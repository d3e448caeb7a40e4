// Goal: what every node derives alike depends on the keyring and on each of its inputs, and a receipt is not to be
// forged.

#include <doctest/doctest.h>

#include <set>

#include "crypto/keyring.h"
#include "support/fakes.h"

namespace disposable {

namespace {

std::string text_of(const SecretKey& key) { return std::string(as_text(key.format().expose())); }
std::string text_of(const ReceiptKey& key) { return std::string(as_text(key.format().expose())); }

struct TwoKeyrings {
  SeededRandom random{1};
  Keyring keyring = Keyring::generate(random);
  Keyring other = Keyring::generate(random);
  SecretKey key = SecretKey::generate(random);
  StoreId id = keyring.store_id(key);
};

}  // namespace

TEST_CASE("receipt: is read back, and opens for its keyring alone") {
  const TwoKeyrings rings;
  const ReceiptKey receipt = rings.keyring.receipt_key(rings.id);
  const std::string text = text_of(receipt);
  CHECK(text.size() == ReceiptKey::kTextSize);
  const Result<ReceiptKey> parsed = ReceiptKey::parse(text);
  REQUIRE(parsed);
  CHECK(text_of(*parsed) == text);
  CHECK(rings.keyring.open_receipt(*parsed).value() == rings.id);
  CHECK(rings.other.open_receipt(*parsed).error().code == Errc::kNotFound);
  CHECK(Keyring::parse(rings.keyring.serialize().expose())->open_receipt(*parsed).value() == rings.id);
}

TEST_CASE("receipt: any changed character is not found") {
  const TwoKeyrings rings;
  const std::string text = text_of(rings.keyring.receipt_key(rings.id));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const Result<ReceiptKey> parsed = ReceiptKey::parse(changed);
    REQUIRE(parsed);
    CHECK(rings.keyring.open_receipt(*parsed).error().code == Errc::kNotFound);
  }
  for (const std::string& malformed :
       {std::string(), text.substr(1), text + "A", text.substr(1) + "=", text.substr(1) + "+"}) {
    CHECK(ReceiptKey::parse(malformed).error().code == Errc::kNotFound);
  }
}

TEST_CASE("derived keys: are version 4, repeat, and depend on keyring and input") {
  const TwoKeyrings rings;
  std::set<std::string> keys;
  for (const Keyring* keyring : {&rings.keyring, &rings.other}) {
    keys.insert(text_of(keyring->request_key(rings.key)));
    keys.insert(text_of(keyring->idempotent_key("", "ab")));
    keys.insert(text_of(keyring->idempotent_key("a", "b")));
    keys.insert(text_of(keyring->idempotent_key("ab", "")));
  }
  keys.insert(text_of(rings.key));
  CHECK(keys.size() == 9);
  for (const std::string& key : keys) {
    CHECK(SecretKey::parse(key).has_value());
  }
  CHECK(text_of(rings.keyring.request_key(rings.key)) == text_of(rings.keyring.request_key(rings.key)));
}

TEST_CASE("view rows: that of view 1 is the store id, and all are different") {
  const TwoKeyrings rings;
  std::set<StoreId> rows;
  for (int view = 1; view <= 100; ++view) {
    rows.insert(rings.keyring.view_row(rings.id, static_cast<std::uint8_t>(view)));
  }
  CHECK(rows.size() == 100);
  CHECK(rows.contains(rings.id));
  CHECK(rings.keyring.view_row(rings.id, 1) == rings.id);
  CHECK(rings.other.view_row(rings.id, 2) != rings.keyring.view_row(rings.id, 2));
}

}  // namespace disposable
