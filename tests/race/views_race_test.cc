// Goal: a secret with V views gives V answers to any number of readers at once, and a claim takes one of them however
// often it comes. Method: threads at the vault, on the reference store, on RocksDB and on Redis, that start together.

#include <atomic>
#include <barrier>
#include <map>
#include <thread>

#include "core/vault.h"
#include "race/race_backends.h"

namespace disposable {

namespace {

constexpr std::size_t kReaders = 16;
constexpr int kViews = 5;
constexpr std::size_t kRetries = 3;  // readers with the same claim
constexpr std::string_view kContent = "hunter2";

// DISPOSABLE_RACE_SECRETS makes it smaller where everything is slow, as under ThreadSanitizer.
std::size_t rounds() {
  const char* const number = std::getenv("DISPOSABLE_RACE_SECRETS");
  return number == nullptr ? 100 : std::min<std::size_t>(100, std::strtoul(number, nullptr, 10));
}

struct RaceVault {
  explicit RaceVault(SecretStore& store)
      : vault(Vault::Parts{store, keyring, clock, random, lane, Argon2Cost{1, 8192}}) {}

  Created create(int views) {
    NewSharedSecret secret;
    secret.secret = SecretBytes::copy_of(as_bytes(kContent));
    secret.views = views;
    Held<Created> held = vault.create(std::move(secret), {});
    REQUIRE(held.outcome.has_value());
    REQUIRE(held.ticket.wait().has_value());
    return std::move(*held.outcome);
  }
  // The views that were left, or -1 for who was told that it is spent.
  int read(const SecretKey& key, ByteView claim) {
    const Held<Revealed> held = vault.retrieve(key, {}, claim, {});
    check(held.ticket.wait().has_value(), "the store commits");
    if (held.outcome) {
      check(as_text(held.outcome->secret.expose()) == kContent, "what is revealed is what was created");
      return held.outcome->views_left;
    }
    check(held.outcome.error().code == Errc::kSpent, "a reader wins or is told that it is spent");
    return -1;
  }

  SystemRandom random;
  SystemClock clock;
  Keyring keyring = Keyring::generate(random);
  PassphraseLane lane{PassphraseLane::Limits{}};
  Vault vault;
};

// What each reader was told, all of them having started together.
std::vector<int> race(RaceVault& service, const SecretKey& key, const std::function<Bytes(std::size_t)>& claim) {
  std::vector<int> told(kReaders);
  std::barrier start(static_cast<std::ptrdiff_t>(kReaders));
  std::vector<std::jthread> threads;
  for (std::size_t reader = 0; reader < kReaders; ++reader) {
    threads.emplace_back([&, reader] {
      const Bytes mine = claim(reader);
      start.arrive_and_wait();
      told[reader] = service.read(key, mine);
    });
  }
  threads.clear();
  return told;
}

}  // namespace

TEST_CASE_TEMPLATE("race: of many readers exactly as many win as there are views", Backend, EVERY_BACKEND) {
  Backend backend;
  RaceVault service(backend.secrets());
  for (std::size_t round = 0; round < rounds(); ++round) {
    const Created created = service.create(kViews);
    std::map<int, int> readers_told;
    for (const int told : race(service, created.key, [](std::size_t /*reader*/) { return Bytes(); })) {
      ++readers_told[told];
    }
    std::map<int, int> expected{{-1, static_cast<int>(kReaders) - kViews}};
    for (int left = 0; left < kViews; ++left) {
      expected[left] = 1;
    }
    REQUIRE(readers_told == expected);
  }
}

TEST_CASE_TEMPLATE("race: who comes several times at once with a claim takes one view", Backend, EVERY_BACKEND) {
  Backend backend;
  RaceVault service(backend.secrets());
  for (std::size_t round = 0; round < rounds(); ++round) {
    const Created created = service.create(kViews);
    // Readers 0, 1 and 2 are one person, 3, 4 and 5 another, ...: more persons than views.
    const std::vector<int> told = race(service, created.key, [](std::size_t reader) {
      return Bytes(16, static_cast<std::uint8_t>(reader / kRetries));
    });
    std::map<int, std::size_t> person_of;
    std::size_t winners = 0;
    for (std::size_t reader = 0; reader < kReaders; ++reader) {
      REQUIRE(told[reader] == told[reader - reader % kRetries]);  // all of a person are told the same
      if (told[reader] >= 0) {
        REQUIRE(person_of.emplace(told[reader], reader / kRetries).first->second == reader / kRetries);
        winners += reader % kRetries == 0 ? 1U : 0U;
      }
    }
    REQUIRE(winners == kViews);
    REQUIRE(person_of.size() == kViews);
  }
}

}  // namespace disposable
