// Goal: the totals are exact at every moment, over restarts too, and the limit on them holds for inserts alone.
// Method: each kind of change in a table, then random histories against a model that counts anew every time.

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "contract/harness.h"

namespace disposable {
namespace {

void must(const Result<Ticket>& ticket) {
  REQUIRE_MESSAGE(ticket.has_value(), ticket.error().detail);
  REQUIRE(ticket->wait().has_value());
}

std::vector<Event> one(Action action) {
  Event event = test_event(1);
  event.action = action;
  return {event};
}

TEST_CASE_TEMPLATE("totals: every kind of change counts as it should", Harness, EVERY_STORE) {
  Harness harness;
  SecretStore& store = harness.store();
  const auto insert = [&store](std::uint64_t number, std::size_t bytes) {
    must(store.insert(test_id(number), test_entry("r", 1), Bytes(bytes, 1), one(Action::kCreated)));
  };
  const auto replace = [&store](std::uint64_t number, std::uint64_t version, Payload payload,
                                const std::vector<Event>& events) {
    must(store.replace(test_id(number), version, test_entry("r", 1), payload, events));
  };
  const auto totals = [&harness] { return harness.totals(); };
  CHECK(totals() == StoreTotals{0, 0});
  insert(1, 100);
  insert(2, 10);
  insert(3, 0);
  CHECK(totals() == StoreTotals{3, 110});
  replace(1, 1, Payload::kKeep, one(Action::kDenied));
  replace(1, 2, Payload::kKeep, one(Action::kLocked));
  replace(1, 3, Payload::kKeep, {});
  CHECK(totals() == StoreTotals{3, 110});
  replace(1, 4, Payload::kKeep, one(Action::kRetrieved));
  CHECK(totals() == StoreTotals{2, 110});
  replace(1, 5, Payload::kDrop, {});
  CHECK(totals() == StoreTotals{2, 10});
  replace(1, 6, Payload::kDrop, {});  // there is nothing left to take off
  must(store.purge(test_id(1), 7));
  CHECK(totals() == StoreTotals{2, 10});
  replace(2, 1, Payload::kDrop, one(Action::kDeleted));
  CHECK(totals() == StoreTotals{1, 0});
  replace(3, 1, Payload::kKeep, one(Action::kExpired));
  insert(4, 7);
  must(store.purge(test_id(4), 1));  // with its payload, and without an event
  CHECK(totals() == StoreTotals{1, 0});
  CHECK_FALSE(store.insert(test_id(2), test_entry("r", 1), Bytes(5), one(Action::kCreated)).has_value());
  CHECK_FALSE(store.purge(test_id(2), 9).has_value());
  CHECK(totals() == StoreTotals{1, 0});
  harness.reopen();
  CHECK(totals() == StoreTotals{1, 0});
}

TEST_CASE_TEMPLATE("totals: inserts over the limit are refused, also when it was changed meanwhile", Harness,
                   EVERY_STORE) {
  Harness harness;
  const auto insert = [&harness](std::uint64_t number, std::size_t bytes) {
    return harness.store().insert(test_id(number), test_entry("r", 1), Bytes(bytes, 1), {});
  };
  const auto refused = [&](std::uint64_t number, std::size_t bytes) {
    const StoreTotals before = harness.totals();
    const auto result = insert(number, bytes);
    return !result && result.error().code == Errc::kStorageFull && harness.totals() == before;
  };
  harness.limit({.stored_bytes_max = 1000, .disk_reserve_bytes = 0});
  CHECK(refused(1, 1001));
  must(insert(1, 1000));
  CHECK(refused(2, 1));
  must(insert(2, 0));
  harness.reopen();
  harness.limit({.stored_bytes_max = 1000, .disk_reserve_bytes = 0});
  CHECK(refused(3, 1));
  must(harness.store().replace(test_id(1), 1, test_entry("r", 1), Payload::kDrop, {}));
  must(insert(3, 600));
  harness.limit({.stored_bytes_max = 500, .disk_reserve_bytes = 0});
  CHECK(refused(4, 0));  // what is stored already stays, and counts
  must(harness.store().replace(test_id(3), 1, test_entry("r", 1), Payload::kKeep, {}));
  harness.limit({.stored_bytes_max = 601, .disk_reserve_bytes = 0});
  CHECK(refused(4, 2));
  must(insert(4, 1));
}

// What a store should hold, counted from the start at every question.
struct Counted {
  struct Secret {
    std::uint64_t version = 1;
    std::size_t payload = 0;
  };
  std::map<std::uint64_t, Secret> secrets;
  std::int64_t live = 0;

  StoreTotals totals() const {
    StoreTotals sum{live, 0};
    for (const auto& [number, secret] : secrets) {
      sum.payload_bytes += secret.payload;
    }
    return sum;
  }
};

TEST_CASE_TEMPLATE("totals: they agree with a model over random histories, over restarts and small caches", Harness,
                   EVERY_STORE) {
  constexpr std::array kActions{Action::kCreated, Action::kRetrieved, Action::kDeleted,
                                Action::kExpired, Action::kDenied,    Action::kLocked};
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Harness harness;
  Counted model;
  Ticket last;
  for (int step = 0; step < 4000; ++step) {
    CAPTURE(step);
    const std::uint64_t number = random() % 30;
    const auto found = model.secrets.find(number);
    const Action action = kActions[random() % kActions.size()];
    const std::int64_t change = action == Action::kCreated ? 1 : action <= Action::kExpired ? -1 : 0;
    Result<Ticket> result;
    if (found == model.secrets.end()) {
      const std::size_t bytes = random() % 10 == 0 ? 40'000 : random() % 100;
      result = harness.store().insert(test_id(number), test_entry("r", 1), Bytes(bytes, 1), one(action));
      model.secrets[number] = {1, bytes};
      model.live += change;
    } else if (random() % 3 == 0) {
      result = harness.store().purge(test_id(number), found->second.version);
      model.secrets.erase(found);
    } else {
      const bool drop = random() % 3 == 0;
      result = harness.store().replace(test_id(number), found->second.version, test_entry("r", 1),
                                       drop ? Payload::kDrop : Payload::kKeep, one(action));
      ++found->second.version;
      found->second.payload = drop ? 0 : found->second.payload;
      model.live += change;
    }
    REQUIRE(result.has_value());
    last = *result;
    REQUIRE(harness.totals() == model.totals());
    if (random() % 400 == 0) {
      REQUIRE(last.wait().has_value());
      harness.reopen();
      REQUIRE(harness.totals() == model.totals());
    }
  }
}

}  // namespace
}  // namespace disposable
