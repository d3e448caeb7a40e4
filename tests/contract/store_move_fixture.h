// The ends of a move as tests have them, what a store shows from outside, and a move that is interrupted at its n-th
// step.

#pragma once

#include <doctest/doctest.h>

#include <functional>

#include "contract/harness.h"
#include "store/rocksdb/rocksdb_transfer.h"
#include "store/store_move.h"
#ifdef DISPOSABLE_WITH_REDIS
#include "contract/redis_harness.h"
#include "store/redis/redis_transfer.h"
#endif
#include "support/fakes.h"

namespace disposable {

// What happens at the last step that is counted; whether the run goes on after it.
using Interruption = std::function<bool()>;

// Hands every call on until there were too many.
class BreakingTransfer final : public StoreTransfer {
 public:
  BreakingTransfer(StoreTransfer& whole, int& steps_left, const Interruption& interruption)
      : whole_(whole), steps_left_(steps_left), interruption_(interruption) {}

  std::string name() const override { return whole_.name(); }
  Result<std::optional<KeyringCheck>> keyring_check() override { return whole_.keyring_check(); }
  Result<MoveState> move_state() override { return whole_.move_state(); }
  Result<bool> empty() override { return whole_.empty(); }
  Result<StoreTotals> totals() override { return whole_.totals(); }
  Result<std::optional<EventId>> last_acknowledged() override { return whole_.last_acknowledged(); }
  Result<void> begin_arriving(const KeyringCheck& check, const std::string& move) override {
    return step([&] { return whole_.begin_arriving(check, move); });
  }
  Result<void> begin_leaving(const std::string& move) override {
    return step([&] { return whole_.begin_leaving(move); });
  }
  Result<void> end_arriving(const StoreTotals& totals, const std::optional<EventId>& last) override {
    return step([&] { return whole_.end_arriving(totals, last); });
  }
  Result<void> end_leaving() override {
    return step([&] { return whole_.end_leaving(); });
  }
  Result<std::vector<StoredSecret>> some_secrets(std::size_t /*limit*/) override { return whole_.some_secrets(2); }
  Result<std::optional<StoredSecret>> find(const StoreId& id) override { return whole_.find(id); }
  Result<void> put(std::span<const StoredSecret> secrets) override {
    return step([&] { return whole_.put(secrets); });
  }
  Result<void> erase(std::span<const StoredSecret> secrets) override {
    return step([&] { return whole_.erase(secrets); });
  }
  Result<std::vector<OutboxEntry>> some_events(std::size_t /*limit*/) override { return whole_.some_events(2); }
  Result<void> put_events(std::span<const OutboxEntry> events) override {
    return step([&] { return whole_.put_events(events); });
  }
  Result<void> erase_events(std::span<const OutboxEntry> events) override {
    return step([&] { return whole_.erase_events(events); });
  }

 private:
  template <class Call>
  Result<void> step(Call call) {
    if (steps_left_-- == 0 && !interruption_()) {
      return fail(Errc::kUnavailable, "broken off");
    }
    return call();
  }

  StoreTransfer& whole_;
  int& steps_left_;
  const Interruption& interruption_;
};

inline constexpr KeyringCheck kCheck{1, 2, 3};

// A folder with a store, or without one.
struct FolderPlace {
  TemporaryFolder folder;

  std::unique_ptr<StoreTransfer> transfer() const {
    auto opened = RocksDbTransfer::open(folder.path(), RocksDbTransfer::End::kTarget);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().detail);
    return std::move(*opened);
  }
  Result<std::unique_ptr<RocksDbStore>> store() const {
    RocksDbStore::Options options;
    options.directory = folder.path();
    options.keyring_check = kCheck;
    return RocksDbStore::open(options);
  }
};

#ifdef DISPOSABLE_WITH_REDIS
// A prefix of the one server of the test process.
struct RedisPrefix {
  RedisHarness harness;  // has a store of its own at its prefix

  RedisStore::Options options() {
    RedisStore::Options options = harness.options();
    options.url.prefix += "-moved";
    options.keyring_check = kCheck;
    options.sharing = RedisStore::Sharing::kShared;
    return options;
  }
  std::unique_ptr<StoreTransfer> transfer() {
    auto opened = RedisTransfer::open(options().url, /*accept_data_loss=*/false, harness.random);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().detail);
    return std::move(*opened);
  }
  Result<std::unique_ptr<RedisStore>> store() { return RedisStore::open(options()); }
};
#endif

bool serves(auto& place) { return place.store().has_value(); }
void must_serve(auto& place) { REQUIRE(serves(place)); }

inline StoreTotals totals_of(const RocksDbStore& store) { return store.totals(); }
#ifdef DISPOSABLE_WITH_REDIS
inline StoreTotals totals_of(const RedisStore& store) { return store.totals().value(); }
#endif

inline constexpr std::uint64_t kSecrets = 5;

inline void must(const Result<Ticket>& ticket) {
  REQUIRE_MESSAGE(ticket.has_value(), ticket.error().detail);
  REQUIRE(ticket->wait().has_value());
}

// Secrets with a large, a small and an empty payload, a tombstone, and events of which two are acknowledged.
void fill(auto& place) {
  const auto store = place.store();
  REQUIRE_MESSAGE(store.has_value(), store.error().detail);
  const std::array<std::size_t, kSecrets> sizes{5000, 10, 0, 2000, 7};
  for (std::uint64_t i = 0; i < kSecrets; ++i) {
    Event created = test_event(i);
    created.action = Action::kCreated;
    const auto due = static_cast<std::int64_t>(1000 + i);
    must((*store)->insert(test_id(i), test_entry("record", due), Bytes(sizes.at(i), 'p'), {&created, 1}));
  }
  const Event retrieved = test_event(100);
  must((*store)->replace(test_id(4), 1, test_entry("spent", 2000), Payload::kDrop, {&retrieved, 1}));
  const auto events = (*store)->pending(0, 2);
  REQUIRE(events.has_value());
  REQUIRE((*store)->acknowledge(events->back()).has_value());
}

// Everything that the interface of a store shows.
struct Shown {
  std::vector<std::string> secrets;
  std::vector<std::pair<StoreId, WallTime>> schedule;
  std::vector<EventId> events;  // each once
  std::optional<EventId> acknowledged;
  StoreTotals totals;
  bool operator==(const Shown&) const = default;
};

Shown show(auto& place) {
  const auto store = place.store();
  REQUIRE_MESSAGE(store.has_value(), store.error().detail);
  Shown shown;
  for (std::uint64_t i = 0; i < kSecrets; ++i) {
    const auto loaded = (*store)->load(test_id(i));
    const auto payload = (*store)->load_payload(test_id(i));
    shown.secrets.push_back(loaded ? std::to_string(loaded->version) + std::string(as_text(loaded->record)) +
                                         (payload ? " " + std::to_string(payload->size()) : " none")
                                   : "absent");
  }
  const auto due = (*store)->due(at(1'000'000), 100);
  const auto pending = (*store)->pending(0, 100);
  REQUIRE((due.has_value() && pending.has_value()));
  for (const DueEntry& entry : *due) {
    shown.schedule.emplace_back(entry.id, entry.due);
  }
  for (const OutboxEntry& entry : *pending) {
    if (std::find(shown.events.begin(), shown.events.end(), entry.event.id) == shown.events.end()) {
      shown.events.push_back(entry.event.id);
    }
  }
  shown.acknowledged = (*store)->last_acknowledged().value();
  shown.totals = totals_of(**store);
  return shown;
}

Result<MoveReport> move(
    auto& from, auto& to, int steps, const Interruption& interruption = [] { return false; }) {
  SystemRandom random;
  const auto source = from.transfer();
  const auto target = to.transfer();
  BreakingTransfer breaking_source(*source, steps, interruption);
  BreakingTransfer breaking_target(*target, steps, interruption);
  return move_store(breaking_source, breaking_target, random, {});
}

inline constexpr int kUnbroken = 1000;

}  // namespace disposable
