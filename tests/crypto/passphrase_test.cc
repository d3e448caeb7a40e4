// Goal: a verifier accepts its passphrase and nothing else. Cheap parameters; the shipped ones are pinned by value.

#include "crypto/passphrase.h"

#include <doctest/doctest.h>

#include "support/fakes.h"

namespace disposable {

namespace {

constexpr Argon2Cost kCheap{1, 8192};

}  // namespace

TEST_CASE("passphrase: only the same passphrase under the same pepper matches") {
  SeededRandom random(1);
  SymmetricKey pepper;
  random.fill(pepper.expose_mutable());
  const Result<SecretBytes> verifier = make_verifier(as_bytes("pass123"), pepper, kCheap, random);
  REQUIRE(verifier);
  CHECK(verify_passphrase(as_bytes("pass123"), pepper, verifier->expose()).value());
  CHECK_FALSE(verify_passphrase(as_bytes("pass124"), pepper, verifier->expose()).value());
  CHECK_FALSE(verify_passphrase({}, pepper, verifier->expose()).value());
  CHECK_FALSE(verify_passphrase(as_bytes("pass123"), SymmetricKey{}, verifier->expose()).value());
}

TEST_CASE("passphrase: two verifiers of one passphrase differ") {
  SeededRandom random(1);
  const Result<SecretBytes> first = make_verifier(as_bytes("p"), SymmetricKey{}, kCheap, random);
  const Result<SecretBytes> second = make_verifier(as_bytes("p"), SymmetricKey{}, kCheap, random);
  CHECK_FALSE(equal_constant_time(first->expose(), second->expose()));
}

TEST_CASE("passphrase: a malformed or greedy verifier is kCorrupt, not an allocation") {
  SeededRandom random(1);
  const Result<SecretBytes> verifier = make_verifier(as_bytes("p"), SymmetricKey{}, kCheap, random);
  const ByteView bytes = verifier->expose();
  CHECK(verify_passphrase(as_bytes("p"), SymmetricKey{}, bytes.first(bytes.size() - 1)).error().code == Errc::kCorrupt);
  Bytes greedy(bytes.begin(), bytes.end());
  greedy[11] = 0xFF;  // the high byte of the memory size
  CHECK(verify_passphrase(as_bytes("p"), SymmetricKey{}, greedy).error().code == Errc::kCorrupt);
}

TEST_CASE("passphrase: the shipped cost is at least OWASP's 19 MiB and two passes") {
  const Argon2Cost shipped;
  CHECK(shipped.operations >= 2);
  CHECK(shipped.memory_bytes >= 19ULL * 1024 * 1024);
}

TEST_CASE("passphrase lock: only the same passphrase under the same pepper gives the factor back") {
  SeededRandom random(1);
  SymmetricKey pepper;
  random.fill(pepper.expose_mutable());
  const Result<PassphraseLock> lock = make_passphrase_lock(as_bytes("pass123"), pepper, kCheap, random);
  REQUIRE(lock);
  CHECK(lock->factor.size() == 32);
  const ByteView verifier = lock->verifier.expose();
  const auto factor = [verifier](std::string_view passphrase, const SymmetricKey& under) {
    return passphrase_factor(as_bytes(passphrase), under, verifier).value();
  };
  CHECK(equal_constant_time(factor("pass123", pepper).expose(), lock->factor.expose()));
  CHECK(factor("pass124", pepper).empty());
  CHECK(factor("", pepper).empty());
  CHECK(factor("pass123", SymmetricKey{}).empty());
  CHECK(passphrase_factor(as_bytes("pass123"), pepper, verifier.first(verifier.size() - 1)).error().code ==
        Errc::kCorrupt);
}

TEST_CASE("passphrase lock: its factor is in no verifier, and neither kind of verifier fits the other") {
  SeededRandom random(1);
  const PassphraseLock lock = make_passphrase_lock(as_bytes("p"), SymmetricKey{}, kCheap, random).value();
  const SecretBytes verifier = make_verifier(as_bytes("p"), SymmetricKey{}, kCheap, random).value();
  CHECK(lock.verifier.size() == verifier.size());
  CHECK(as_text(lock.verifier.expose()).find(as_text(lock.factor.expose())) == std::string_view::npos);
  CHECK_FALSE(verify_passphrase(as_bytes("p"), SymmetricKey{}, lock.verifier.expose()).value());
  CHECK(passphrase_factor(as_bytes("p"), SymmetricKey{}, verifier.expose())->empty());
}

}  // namespace disposable
