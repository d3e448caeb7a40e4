// Goal: a secret has one winner, however many readers and deleters arrive at the same moment, and a passphrase has five
// guesses. Method: the whole service in this process, over sockets, on the reference store, on RocksDB and on Redis;
// clients hold back the last byte of their request until all of them are there.

#include <doctest/doctest.h>

#include <map>

#include "race/race_backends.h"
#include "race/race_service.h"

namespace disposable {

namespace {

constexpr std::size_t kReaders = 32;
constexpr std::size_t kDeleters = 2;
constexpr std::size_t kGuessers = 100;
// A secret that is guessed takes three times as many requests as one that is read.
constexpr std::size_t kSecretsPerGuardedSecret = 10;
constexpr int kGuesses = 5;
constexpr PassphraseLane::Limits kNarrowLane{};
constexpr PassphraseLane::Limits kWideLane{8, static_cast<int>(kGuessers)};

// DISPOSABLE_RACE_SECRETS makes it smaller where everything is slow, as under ThreadSanitizer.
std::size_t secrets_to_race() {
  const char* const number = std::getenv("DISPOSABLE_RACE_SECRETS");
  return number == nullptr ? 2'000 : std::strtoul(number, nullptr, 10);
}

std::map<Fingerprint, std::vector<Action>> actions_by_secret(Outbox& outbox) {
  std::map<Fingerprint, std::vector<Action>> actions;
  for (const Event& event : all_events(outbox)) {
    actions[event.fingerprint].push_back(event.action);
  }
  return actions;
}

std::string path_of(const std::string& key) { return "/api/v1/secret/" + key; }

}  // namespace

TEST_CASE_TEMPLATE("race: of many readers and deleters of a secret exactly one wins", Backend, EVERY_BACKEND) {
  Backend backend;
  RaceService service(backend.secrets(), kNarrowLane);
  const std::vector<std::string> keys = service.create(secrets_to_race());
  const RaceAnswers answers =
      race(service.port(), kReaders + kDeleters, keys.size(), [&](std::size_t round, std::size_t client) {
        // The deleters are not always the last to be woken.
        const bool deletes = (client + round) % (kReaders + kDeleters) < kDeleters;
        return RaceRequest{deletes ? "DELETE" : "GET", path_of(keys[round])};
      });

  auto actions = actions_by_secret(backend.outbox());
  CHECK(actions.size() == keys.size());
  std::size_t deletions = 0;
  for (std::size_t round = 0; round < keys.size(); ++round) {
    CAPTURE(round);
    REQUIRE(count_status(answers[round], 200) == 1);
    REQUIRE(count_status(answers[round], 410) == kReaders + kDeleters - 1);
    Action won = Action::kRetrieved;
    for (const HttpAnswer& answer : answers[round]) {
      if (answer.status == 200 && answer.body != RaceService::retrieval_body(round)) {
        REQUIRE(answer.body == R"({"status":"secret deleted"})");
        won = Action::kDeleted;
        ++deletions;
      }
    }
    REQUIRE(actions[service.fingerprint(keys[round])] == std::vector<Action>{Action::kCreated, won});
  }
  MESSAGE(keys.size() << " secrets, " << kReaders + kDeleters << " clients each: " << keys.size() - deletions
                      << " retrieved, " << deletions << " deleted");
}

TEST_CASE_TEMPLATE("race: a hundred guesses at once are five", Backend, EVERY_BACKEND) {
  Backend backend;
  RaceService service(backend.secrets(), kWideLane);
  const std::vector<std::string> keys = service.create(secrets_to_race() / kSecretsPerGuardedSecret, "right");
  const RaceAnswers answers =
      race(service.port(), kGuessers, keys.size(), [&](std::size_t round, std::size_t /*client*/) {
        return RaceRequest{"DELETE", path_of(keys[round]), R"({"passphrase":"wrong"})"};
      });

  auto actions = actions_by_secret(backend.outbox());
  HttpClient owner(service.port());
  for (std::size_t round = 0; round < keys.size(); ++round) {
    CAPTURE(round);
    CHECK(count_status(answers[round], 403) == kGuesses);
    CHECK(count_status(answers[round], 429) == kGuessers - kGuesses);
    std::vector<Action> expected(kGuesses + 2, Action::kDenied);
    expected.front() = Action::kCreated;
    expected.back() = Action::kLocked;
    CHECK(actions[service.fingerprint(keys[round])] == expected);
    CHECK(owner.request("DELETE", path_of(keys[round]), R"({"passphrase":"right"})").status == 429);
    CHECK(owner.request("GET", path_of(keys[round])).body == RaceService::retrieval_body(round));
  }
}

TEST_CASE("race: where few guesses fit into the lane, no more than five are answered, however often they come") {
  constexpr std::size_t kTimes = 4;
  MemoryStore store;
  RaceService service(store, kNarrowLane);
  const std::vector<std::string> keys = service.create(1, "right");
  const RaceAnswers answers = race(service.port(), kGuessers, kTimes, [&](std::size_t /*round*/, std::size_t client) {
    return RaceRequest{"DELETE", path_of(keys[0]), client % 2 == 0 ? R"({"passphrase":"wrong"})" : ""};
  });

  std::size_t denied = 0;
  for (const std::vector<HttpAnswer>& round : answers) {
    denied += count_status(round, 403);
    CHECK(count_status(round, 403) + count_status(round, 429) == kGuessers);
  }
  CHECK(denied == kGuesses);
}

}  // namespace disposable
