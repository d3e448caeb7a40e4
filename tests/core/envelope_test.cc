// Goal: a payload opens only with the record, the keyring and the key it was sealed for.

#include "core/envelope.h"

#include <doctest/doctest.h>

#include <functional>

#include "support/fakes.h"

namespace disposable {

namespace {

struct Sealed {
  SeededRandom random{1};
  Keyring keyring = Keyring::generate(random);
  SecretKey key = SecretKey::generate(random);
  Record record;
  Bytes payload;

  Sealed() {
    record.guarded = true;
    record.created_at = WallTime(std::chrono::seconds(1000));
    record.expires_at = WallTime(std::chrono::seconds(2000));
    record.epoch = keyring.current_epoch();
    record.fingerprint = keyring.fingerprint(key);
    payload = seal_secret(keyring, key, as_bytes("hunter2"), as_bytes("verifier"), random, record).value();
  }
};

}  // namespace

TEST_CASE("envelope: opens with everything in place") {
  const Sealed sealed;
  CHECK(as_text(open_secret(sealed.keyring, sealed.key, sealed.record, sealed.payload)->expose()) == "hunter2");
  CHECK(as_text(open_verifier(sealed.keyring, sealed.key, sealed.record)->expose()) == "verifier");
}

TEST_CASE("envelope: any edited field of the record closes it") {
  struct Row {
    const char* name;
    std::function<void(Record&)> edit;
  };
  const Row rows[] = {
      {"created_at", [](Record& record) { record.created_at += std::chrono::milliseconds(1); }},
      {"expires_at", [](Record& record) { record.expires_at += std::chrono::hours(1); }},
      {"guarded", [](Record& record) { record.guarded = false; }},
      {"epoch", [](Record& record) { record.epoch = 2; }},
      {"fingerprint", [](Record& record) { record.fingerprint.bytes[0] ^= 1U; }},
      {"wrapped key", [](Record& record) { record.wrapped_key[30] ^= 1U; }},
      {"spent", [](Record& record) { record.wrapped_key.clear(); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Sealed sealed;
    row.edit(sealed.record);
    CHECK(open_secret(sealed.keyring, sealed.key, sealed.record, sealed.payload).error().code == Errc::kCorrupt);
  }
}

TEST_CASE("envelope: another key, another keyring or another secret's payload do not open") {
  Sealed sealed;
  Sealed other;
  const SecretKey other_key = SecretKey::generate(sealed.random);
  const Keyring other_keyring = Keyring::generate(sealed.random);
  CHECK_FALSE(open_secret(sealed.keyring, other_key, sealed.record, sealed.payload));
  CHECK_FALSE(open_secret(other_keyring, sealed.key, sealed.record, sealed.payload));
  Record second = sealed.record;
  const Bytes second_payload =
      seal_secret(sealed.keyring, sealed.key, as_bytes("other"), as_bytes("v"), sealed.random, second).value();
  CHECK_FALSE(open_secret(sealed.keyring, sealed.key, sealed.record, second_payload));
}

}  // namespace disposable
