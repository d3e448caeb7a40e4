// Goal: over long random histories every store shows exactly what MemoryStore shows.
// Method: the same seeded operations on both, results compared at every step and everything that is visible now and
// then; the store is closed and opened at random, RocksDB with caches of random size. DISPOSABLE_SEED and
// DISPOSABLE_STEPS choose the history; the seed is printed.

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "contract/harness.h"

namespace disposable {
namespace {

constexpr OutboxLimits kLimits{.creates_max = 60, .changes_max = 80};
constexpr std::uint64_t kIds = 24;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void vary(auto& /*harness*/, std::uint64_t /*random*/) {}
void vary(RocksDbHarness& harness, std::uint64_t random) {
  const std::array<std::size_t, 3> cache_bytes{0, 100'000, 16'000'000};
  harness.options.cache_bytes = cache_bytes[random % cache_bytes.size()];
}

// A store that syncs every step by itself gets fewer.
template <class Harness>
constexpr std::uint64_t kSteps = 4'000;
template <>
constexpr std::uint64_t kSteps<RocksDbHarness> = 20'000;

template <class Harness>
class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed), other_(kLimits) {}

  void step() {
    const std::uint64_t kind = pick(1000);
    if (kind < 250) {
      insert();
    } else if (kind < 550) {
      replace();
    } else if (kind < 650) {
      purge();
    } else if (kind < 850) {
      compare_record(test_id(pick(kIds)));
    } else if (kind < 900) {
      sweep();
    } else if (kind < 970) {
      project();
    } else if (kind < 990) {
      compare_everything();
    } else if (kind < 999) {
      now_ += static_cast<std::int64_t>(pick(2000));
    } else {
      reopen();
    }
  }

  void compare_everything() {
    settle();
    for (std::uint64_t number = 0; number < kIds; ++number) {
      compare_record(test_id(number));
    }
    compare_due(1000);
    compare_pending(0, 1000);
    CHECK(*memory_.outbox().last_acknowledged() == *other_.outbox().last_acknowledged());
    CHECK(memory_.totals() == other_.totals());
  }

 private:
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }

  Entry some_entry() {
    Entry entry{Bytes(pick(200)), at(now_ + static_cast<std::int64_t>(pick(3000)))};
    for (std::uint8_t& byte : entry.record) {
      byte = static_cast<std::uint8_t>(random_());
    }
    return entry;
  }

  std::vector<Event> some_events() {
    std::vector<Event> events;
    for (std::uint64_t count = pick(3); count > 0; --count) {
      events.push_back(test_event(++events_made_));
    }
    return events;
  }

  // Mostly the current version, so that histories get somewhere.
  std::uint64_t some_version(const StoreId& id) {
    const auto loaded = memory_.store().load(id);
    return loaded && pick(4) != 0 ? loaded->version : pick(5);
  }

  void compare_change(const Result<Ticket>& expected, const Result<Ticket>& actual) {
    REQUIRE(expected.has_value() == actual.has_value());
    REQUIRE(memory_.totals() == other_.totals());
    if (!expected) {
      REQUIRE(expected.error().code == actual.error().code);
      return;
    }
    last_ = *actual;
    if (pick(3) == 0) {
      settle();
    }
  }

  void settle() { REQUIRE(last_.wait().has_value()); }

  void insert() {
    const StoreId id = test_id(pick(kIds));
    const Entry entry = some_entry();
    const Bytes payload(pick(20) == 0 ? 70'000 : pick(2 * kInlinePayloadMax), static_cast<std::uint8_t>(random_()));
    const std::vector<Event> events = some_events();
    compare_change(memory_.store().insert(id, entry, payload, events),
                   other_.store().insert(id, entry, payload, events));
  }

  void replace() {
    const StoreId id = test_id(pick(kIds));
    const std::uint64_t version = some_version(id);
    const Entry entry = some_entry();
    const Payload payload = pick(4) == 0 ? Payload::kDrop : Payload::kKeep;
    const std::vector<Event> events = some_events();
    compare_change(memory_.store().replace(id, version, entry, payload, events),
                   other_.store().replace(id, version, entry, payload, events));
  }

  void purge() {
    const StoreId id = test_id(pick(kIds));
    const std::uint64_t version = some_version(id);
    compare_change(memory_.store().purge(id, version), other_.store().purge(id, version));
  }

  // What a sweeper does: ask, and deal with some of it.
  void sweep() {
    settle();
    for (const DueEntry& entry : compare_due(1 + pick(10))) {
      const auto loaded = memory_.store().load(entry.id);
      if (loaded && pick(3) != 0) {
        compare_change(memory_.store().purge(entry.id, loaded->version),
                       other_.store().purge(entry.id, loaded->version));
      }
    }
  }

  // What a projector does: ask, and acknowledge some of it.
  void project() {
    settle();
    const auto entries = compare_pending(0, 1 + pick(30));
    if (!entries.empty()) {
      const OutboxEntry& last = entries[pick(entries.size())];
      REQUIRE(memory_.outbox().acknowledge(last).has_value());
      REQUIRE(other_.outbox().acknowledge(last).has_value());
      compare_pending(last.position / 2, 1000);
    }
  }

  void reopen() {
    vary(other_, random_());
    other_.reopen();
    last_ = {};
    compare_everything();
  }

  void compare_record(const StoreId& id) {
    const auto expected = memory_.store().load(id);
    const auto actual = other_.store().load(id);
    REQUIRE(expected.has_value() == actual.has_value());
    if (expected) {
      REQUIRE(expected->record == actual->record);
      REQUIRE(expected->version == actual->version);
    } else {
      REQUIRE(expected.error().code == actual.error().code);
    }
    const auto expected_payload = memory_.store().load_payload(id);
    const auto actual_payload = other_.store().load_payload(id);
    REQUIRE(expected_payload.has_value() == actual_payload.has_value());
    if (expected_payload) {
      REQUIRE(*expected_payload == *actual_payload);
    } else {
      REQUIRE(expected_payload.error().code == actual_payload.error().code);
    }
  }

  std::vector<DueEntry> compare_due(std::size_t limit) {
    const auto expected = memory_.store().due(at(now_), limit);
    const auto actual = other_.store().due(at(now_), limit);
    REQUIRE((expected.has_value() && actual.has_value()));
    REQUIRE(expected->size() == actual->size());
    for (std::size_t i = 0; i < expected->size(); ++i) {
      REQUIRE((*expected)[i].id == (*actual)[i].id);
      REQUIRE((*expected)[i].due == (*actual)[i].due);
    }
    return *expected;
  }

  std::vector<OutboxEntry> compare_pending(std::uint64_t after, std::size_t limit) {
    const auto expected = memory_.outbox().pending(after, limit);
    const auto actual = other_.outbox().pending(after, limit);
    REQUIRE((expected.has_value() && actual.has_value()));
    REQUIRE(expected->size() == actual->size());
    for (std::size_t i = 0; i < expected->size(); ++i) {
      REQUIRE((*expected)[i].position == (*actual)[i].position);
      REQUIRE((*expected)[i].event == (*actual)[i].event);
    }
    return *expected;
  }

  std::mt19937_64 random_;
  MemoryHarness memory_{kLimits};
  Harness other_;
  std::int64_t now_ = 1'000'000;
  std::uint64_t events_made_ = 0;
  Ticket last_;
};

TEST_CASE_TEMPLATE("model: a store and MemoryStore agree over long random histories", Harness, OTHER_STORES) {
  const std::uint64_t seed = from_environment("DISPOSABLE_SEED", std::random_device{}());
  const std::uint64_t steps = from_environment("DISPOSABLE_STEPS", kSteps<Harness>);
  MESSAGE("DISPOSABLE_SEED=" << seed << " DISPOSABLE_STEPS=" << steps);
  CAPTURE(seed);
  Model<Harness> model(seed);
  for (std::uint64_t step = 0; step < steps; ++step) {
    CAPTURE(step);
    model.step();
  }
  model.compare_everything();
}

}  // namespace
}  // namespace disposable
