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
    payload = seal_secret(keyring, key, {as_bytes("hunter2"), as_bytes("verifier")}, random, record).value();
  }
};

}  // namespace

TEST_CASE("envelope: opens with everything in place") {
  const Sealed sealed;
  CHECK(as_text(open_secret(sealed.keyring, {sealed.key, sealed.record, {}}, sealed.payload)->expose()) == "hunter2");
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
    CHECK(open_secret(sealed.keyring, {sealed.key, sealed.record, {}}, sealed.payload).error().code == Errc::kCorrupt);
  }
}

TEST_CASE("envelope: another key, another keyring or another secret's payload do not open") {
  Sealed sealed;
  Sealed other;
  const SecretKey other_key = SecretKey::generate(sealed.random);
  const Keyring other_keyring = Keyring::generate(sealed.random);
  CHECK_FALSE(open_secret(sealed.keyring, {other_key, sealed.record, {}}, sealed.payload));
  CHECK_FALSE(open_secret(other_keyring, {sealed.key, sealed.record, {}}, sealed.payload));
  Record second = sealed.record;
  const Bytes second_payload =
      seal_secret(sealed.keyring, sealed.key, {as_bytes("other"), as_bytes("v")}, sealed.random, second).value();
  CHECK_FALSE(open_secret(sealed.keyring, {sealed.key, sealed.record, {}}, second_payload));
}

namespace {

struct SealedV2 : Sealed {
  Factors factors{SecretBytes::copy_of(as_bytes("proof")), SecretBytes::copy_of(as_bytes("factor"))};
  Bytes claim = Bytes(16, 7);
  OpenClaim opened;

  SealedV2() {
    record.format = RecordFormat::kApiV2;
    record.asks_proof = true;
    record.views = 2;
    record.bytes = 7;
    payload = seal_secret(keyring, key, {as_bytes("hunter2"), as_bytes("verifier")}, random, record, factors).value();
    opened = seal_claim(keyring, {key, record, factors}, claim, random).value();
  }
  bool opens(const Factors& with) const { return open_secret(keyring, {key, record, with}, payload).has_value(); }
  bool claim_opens(ByteView by, const Factors& with) const {
    return open_claimed(keyring, {key, record, with}, opened, by, payload).has_value();
  }
};

Factors factors_of(std::string_view proof, std::string_view passphrase) {
  return {SecretBytes::copy_of(as_bytes(proof)), SecretBytes::copy_of(as_bytes(passphrase))};
}

}  // namespace

TEST_CASE("envelope v2: no path opens without proof and factor, and a claim's not without the claim either") {
  const SealedV2 sealed;
  CHECK(sealed.opens(sealed.factors));
  CHECK(sealed.claim_opens(sealed.claim, sealed.factors));
  CHECK(as_text(open_verifier(sealed.keyring, sealed.key, sealed.record)->expose()) == "verifier");
  for (const Factors& wrong : {factors_of("proof", ""), factors_of("", "factor"), factors_of("", ""),
                               factors_of("prooffactor", ""), factors_of("prooff", "actor")}) {
    CHECK_FALSE(sealed.opens(wrong));
    CHECK_FALSE(sealed.claim_opens(sealed.claim, wrong));
  }
  CHECK_FALSE(sealed.claim_opens(Bytes(16, 8), sealed.factors));
  CHECK_FALSE(sealed.claim_opens(Bytes(17, 7), sealed.factors));
  CHECK_FALSE(sealed.claim_opens({}, sealed.factors));
  CHECK(claim_name(sealed.keyring, sealed.key, sealed.record, sealed.claim).value() == sealed.opened.name);
  CHECK(claim_name(sealed.keyring, sealed.key, sealed.record, Bytes(17, 7)).value() != sealed.opened.name);
}

TEST_CASE("envelope v2: any edited field that never changes closes secret, verifier and claims") {
  struct Row {
    const char* name;
    std::function<void(Record&)> edit;
  };
  const Row rows[] = {
      {"format", [](Record& record) { record.format = RecordFormat::kApiV1; }},
      {"views", [](Record& record) { record.views = 100; }},
      {"asks proof", [](Record& record) { record.asks_proof = false; }},
      {"request", [](Record& record) { record.request = true; }},
      {"bytes", [](Record& record) { record.bytes = 8; }},
      {"guarded", [](Record& record) { record.guarded = false; }},
      {"expires_at", [](Record& record) { record.expires_at += std::chrono::hours(1); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    SealedV2 sealed;
    row.edit(sealed.record);
    CHECK_FALSE(sealed.opens(sealed.factors));
    CHECK_FALSE(sealed.claim_opens(sealed.claim, sealed.factors));
    CHECK_FALSE(open_verifier(sealed.keyring, sealed.key, sealed.record).has_value());
  }
}

TEST_CASE("envelope v2: what changes in a record's life closes nothing") {
  SealedV2 sealed;
  sealed.record.views_left = 1;
  sealed.record.changed_at += std::chrono::hours(1);
  sealed.record.wrong_passphrases = 3;
  sealed.record.state = State::kRetrieved;
  CHECK(sealed.opens(sealed.factors));
  sealed.record.wrapped_key.clear();
  CHECK_FALSE(sealed.opens(sealed.factors));
  CHECK(sealed.claim_opens(sealed.claim, sealed.factors));
}

TEST_CASE("envelope v2: a proof is known again by its hash alone") {
  const SealedV2 sealed;
  CHECK(proof_fits(sealed.keyring, sealed.key, sealed.record, as_bytes("proof")).value());
  CHECK_FALSE(proof_fits(sealed.keyring, sealed.key, sealed.record, as_bytes("proog")).value());
  CHECK_FALSE(proof_fits(sealed.keyring, sealed.key, sealed.record, {}).value());
  Record wiped = sealed.record;
  wiped.proof.reset();
  CHECK_FALSE(proof_fits(sealed.keyring, sealed.key, wiped, as_bytes("proof")).value());
}

}  // namespace disposable
