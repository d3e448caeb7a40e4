// Goal: the keyring file round-trips, damage is refused, and every derived value depends on what it must depend on.

#include "crypto/keyring.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/fakes.h"

namespace disposable {

namespace {

std::string file_of(const Keyring& keyring) { return std::string(as_text(keyring.serialize().expose())); }

}  // namespace

TEST_CASE("keyring: what is written is read back and names secrets the same way") {
  SeededRandom random(1);
  const Keyring keyring = Keyring::generate(random);
  const std::string file = file_of(keyring);
  const Result<Keyring> parsed = Keyring::parse(as_bytes(file));
  REQUIRE(parsed);
  CHECK(file_of(*parsed) == file);
  const SecretKey key = SecretKey::generate(random);
  CHECK(parsed->store_id(key) == keyring.store_id(key));
  CHECK(parsed->fingerprint(key) == keyring.fingerprint(key));
  CHECK(parsed->check_value() == keyring.check_value());
  CHECK(file.starts_with("disposable-secrets-keyring 1\nroot "));
}

TEST_CASE("keyring: its keys are locked in memory, and one whose lock is refused works as well") {
  SeededRandom random(1);
  const Keyring keyring = Keyring::generate(random);
  CHECK(keyring.memory_locked());
  const std::string file = file_of(keyring);
  // Root is exempt from the limit, so only an ordinary user can be refused; a child process becomes one.
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit nothing{0, 0};
    constexpr uid_t kNobody = 65534;
    bool holds = ::setrlimit(RLIMIT_MEMLOCK, &nothing) == 0 && (::geteuid() != 0 || ::setuid(kNobody) == 0);
    const bool refused = ::mlock(&holds, sizeof(holds)) != 0;  // not under sanitizers, which swallow the call
    const Result<Keyring> parsed = Keyring::parse(as_bytes(file));
    holds = holds && parsed && parsed->memory_locked() == !refused && parsed->check_value() == keyring.check_value();
    ::_exit(holds ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("keyring: every damaged file is refused") {
  SeededRandom random(1);
  const std::string file = file_of(Keyring::generate(random));
  for (std::size_t i = 0; i < file.size(); ++i) {
    CAPTURE(i);
    CHECK(Keyring::parse(as_bytes(file.substr(0, i))).error().code == Errc::kCorrupt);
    std::string flipped = file;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    CHECK(Keyring::parse(as_bytes(flipped)).error().code == Errc::kCorrupt);
  }
  CHECK(Keyring::parse(as_bytes(file + "\n")).error().code == Errc::kCorrupt);
  CHECK(Keyring::parse(as_bytes("disposable-secrets-keyring 2\n")).error().code == Errc::kCorrupt);
}

TEST_CASE("keyring: another keyring names the same secret differently") {
  SeededRandom random(1);
  const Keyring first = Keyring::generate(random);
  const Keyring second = Keyring::generate(random);
  const SecretKey key = SecretKey::generate(random);
  CHECK(first.store_id(key) != second.store_id(key));
  CHECK(first.fingerprint(key) != second.fingerprint(key));
  CHECK(first.check_value() != second.check_value());
}

TEST_CASE("keyring: the fingerprint has the form of a UUIDv8") {
  SeededRandom random(1);
  const Keyring keyring = Keyring::generate(random);
  const std::string text = format_uuid(keyring.fingerprint(SecretKey::generate(random)).bytes);
  CHECK(text.size() == 36);
  CHECK(text[14] == '8');
}

TEST_CASE("keyring: a wrap key depends on the secret's key, the purpose and the epoch") {
  SeededRandom random(1);
  const Keyring keyring = Keyring::generate(random);
  const SecretKey key = SecretKey::generate(random);
  const SecretKey other = SecretKey::generate(random);
  const auto wrap = [&](const SecretKey& secret_key, Keyring::Purpose purpose) {
    return to_hex(keyring.wrap_key(keyring.current_epoch(), secret_key, purpose)->expose());
  };
  CHECK(wrap(key, Keyring::Purpose::kDataKey) == wrap(key, Keyring::Purpose::kDataKey));
  CHECK(wrap(key, Keyring::Purpose::kDataKey) != wrap(other, Keyring::Purpose::kDataKey));
  CHECK(wrap(key, Keyring::Purpose::kDataKey) != wrap(key, Keyring::Purpose::kVerifier));
  CHECK(keyring.wrap_key(99, key, Keyring::Purpose::kDataKey).error().code == Errc::kCorrupt);
}

TEST_CASE("keyring: a new epoch wraps from now on, and old ones open until they are destroyed") {
  SeededRandom random(1);
  Keyring keyring = Keyring::generate(random);
  const SecretKey key = SecretKey::generate(random);
  const auto wrap = [&](const Keyring& with, std::uint32_t epoch) {
    const Result<SymmetricKey> derived = with.wrap_key(epoch, key, Keyring::Purpose::kDataKey);
    return derived ? to_hex(derived->expose()) : std::string("none");
  };
  const std::string first = wrap(keyring, 1);
  CHECK(keyring.begin_epoch(random).value() == 2);
  CHECK(keyring.begin_epoch(random).value() == 3);
  CHECK(keyring.current_epoch() == 3);
  const std::string third = wrap(keyring, 3);
  CHECK(wrap(keyring, 1) == first);
  CHECK(wrap(keyring, 2) != first);

  keyring.destroy_epochs_before(3);
  CHECK(keyring.epochs() == std::vector<std::uint32_t>{3});
  CHECK(wrap(keyring, 1) == "none");
  CHECK(wrap(keyring, 3) == third);
  keyring.destroy_epochs_before(9);
  CHECK(keyring.epochs() == std::vector<std::uint32_t>{3});

  const Keyring read = Keyring::parse(as_bytes(file_of(keyring))).value();
  CHECK(read.epochs() == std::vector<std::uint32_t>{3});
  CHECK(wrap(read, 3) == third);
  CHECK(keyring.begin_epoch(random).value() == 4);
}

TEST_CASE("keyring: the epochs of a newer form are adopted, those of another keyring or an older form are not") {
  SeededRandom random(1);
  Keyring running = Keyring::generate(random);
  Keyring file = Keyring::parse(as_bytes(file_of(running))).value();
  CHECK(file.begin_epoch(random).has_value());
  file.destroy_epochs_before(2);
  const std::string old_form = file_of(running);
  REQUIRE(running.adopt_epochs(file));
  CHECK(file_of(running) == file_of(file));
  CHECK(running.adopt_epochs(Keyring::parse(as_bytes(old_form)).value()).error().code == Errc::kInvalidArgument);
  CHECK(running.adopt_epochs(Keyring::generate(random)).error().code == Errc::kInvalidArgument);
  Keyring own_way = Keyring::parse(as_bytes(old_form)).value();
  REQUIRE(own_way.begin_epoch(random));
  REQUIRE(own_way.begin_epoch(random));
  CHECK(running.adopt_epochs(own_way).error().detail == "the key file has another key for epoch 2");
  CHECK(file_of(running) == file_of(file));
}

TEST_CASE("keyring: it holds 64 epochs and refuses one more") {
  SeededRandom random(1);
  Keyring keyring = Keyring::generate(random);
  for (int i = 1; i < 64; ++i) {
    REQUIRE(keyring.begin_epoch(random));
  }
  CHECK(keyring.begin_epoch(random).error().code == Errc::kInvalidArgument);
  CHECK(Keyring::parse(as_bytes(file_of(keyring)))->epochs().size() == 64);
}

}  // namespace disposable
