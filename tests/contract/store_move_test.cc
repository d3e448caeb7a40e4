// Goal: a move that is broken off anywhere, and begun again, loses nothing, and no store serves in the middle of it.
// Method: both ends are real stores; a move fails at its n-th step, for every n, and is begun again until it ends.

#include "store/store_move.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "contract/harness.h"
#include "store/rocksdb/rocksdb_transfer.h"
#ifdef DISPOSABLE_WITH_REDIS
#include "contract/redis_harness.h"
#include "store/redis/redis_transfer.h"
#endif
#include "support/fakes.h"

namespace disposable {

namespace {

// Hands every call on until there were too many.
class BreakingTransfer final : public StoreTransfer {
 public:
  BreakingTransfer(StoreTransfer& whole, int& steps_left) : whole_(whole), steps_left_(steps_left) {}

  std::string name() const override { return whole_.name(); }
  Result<std::optional<KeyringCheck>> keyring_check() override { return whole_.keyring_check(); }
  Result<MoveState> move_state() override { return whole_.move_state(); }
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
    if (steps_left_-- <= 0) {
      return fail(Errc::kUnavailable, "broken off");
    }
    return call();
  }

  StoreTransfer& whole_;
  int& steps_left_;
};

constexpr KeyringCheck kCheck{1, 2, 3};

// A folder with a store, or without one.
struct FolderPlace {
  TemporaryFolder folder;

  std::unique_ptr<StoreTransfer> transfer() const {
    auto opened = RocksDbTransfer::open(folder.path());
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
    auto opened = RedisTransfer::open(options().url, /*accept_data_loss=*/false);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().detail);
    return std::move(*opened);
  }
  Result<std::unique_ptr<RedisStore>> store() { return RedisStore::open(options()); }
};
#endif

template <class From, class To>
struct Way {
  From from;
  To to;
};
#ifdef DISPOSABLE_WITH_REDIS
#define EVERY_WAY                                                                              \
  Way<FolderPlace, FolderPlace>, Way<FolderPlace, RedisPrefix>, Way<RedisPrefix, FolderPlace>, \
      Way<RedisPrefix, RedisPrefix>
#else
#define EVERY_WAY Way<FolderPlace, FolderPlace>
#endif

bool serves(auto& place) { return place.store().has_value(); }

StoreTotals totals_of(const RocksDbStore& store) { return store.totals(); }
#ifdef DISPOSABLE_WITH_REDIS
StoreTotals totals_of(const RedisStore& store) { return store.totals().value(); }
#endif

constexpr std::uint64_t kSecrets = 5;

void must(const Result<Ticket>& ticket) {
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

Result<MoveReport> move(auto& from, auto& to, int steps) {
  SeededRandom random{7};
  const auto source = from.transfer();
  const auto target = to.transfer();
  BreakingTransfer breaking_source(*source, steps);
  BreakingTransfer breaking_target(*target, steps);
  return move_store(breaking_source, breaking_target, random, {});
}

constexpr int kUnbroken = 1000;

}  // namespace

TEST_CASE_TEMPLATE("store move: everything is there, and nothing is left behind", Ends, EVERY_WAY) {
  Ends way;
  auto& [from, to] = way;
  fill(from);
  const Shown before = show(from);
  const auto report = move(from, to, kUnbroken);
  REQUIRE_MESSAGE(report.has_value(), report.error().detail);
  CHECK(report->secrets == kSecrets);
  CHECK(report->events == 4);
  CHECK_FALSE(report->resumed);
  CHECK(show(to) == before);
  CHECK_FALSE(serves(from));
}

TEST_CASE("store move: in the folder that was left no file holds anything of a secret") {
  const auto found = [](const FolderPlace& place, std::string_view what) {
    for (const auto& file : std::filesystem::directory_iterator(place.folder.path())) {
      std::ifstream in(file.path(), std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      if (content.find(what) != std::string::npos) {
        return true;
      }
    }
    return false;
  };
  FolderPlace from;
  FolderPlace to;
  fill(from);
  const std::string payload(100, 'p');
  CHECK((found(from, payload) && found(from, "spent")));
  REQUIRE(move(from, to, kUnbroken).has_value());
  CHECK_FALSE(found(from, payload));
  CHECK_FALSE(found(from, "spent"));
  CHECK(found(to, payload));
}

TEST_CASE_TEMPLATE("store move: broken off at any step it serves nowhere until it has ended, and loses nothing", Ends,
                   EVERY_WAY) {
  int step = 0;
  for (bool ended = false; !ended; ++step) {
    CAPTURE(step);
    Ends way;
    auto& [from, to] = way;
    fill(from);
    const Shown before = show(from);
    ended = move(from, to, step).has_value();
    const bool only_begun = step < 2;  // the source serves until it says that it leaves
    CHECK(serves(from) == (!ended && only_begun));
    if (!serves(from)) {
      const Result<MoveReport> again = move(from, to, kUnbroken);
      REQUIRE_MESSAGE(again.has_value(), again.error().detail);
      CHECK(again->resumed);
      CHECK(show(to) == before);
      CHECK_FALSE(serves(from));
    } else {
      CHECK(show(from) == before);
    }
  }
  CHECK(step > 8);
}

TEST_CASE("store move: what cannot be moved is refused, and nothing is changed") {
  FolderPlace empty;
  FolderPlace full;
  FolderPlace other;
  fill(full);
  fill(other);
  const Shown before = show(full);
  CHECK(move(empty, full, kUnbroken).error().code == Errc::kNotFound);
  CHECK(move(full, other, kUnbroken).error().code == Errc::kInvalidArgument);
  CHECK(show(full) == before);
  CHECK(show(other) == before);

  FolderPlace target;
  FolderPlace elsewhere;
  REQUIRE_FALSE(move(full, target, 4).has_value());
  CHECK(move(full, elsewhere, kUnbroken).error().code == Errc::kInvalidArgument);
  CHECK(move(target, elsewhere, kUnbroken).error().code == Errc::kInvalidArgument);
  REQUIRE(move(full, target, kUnbroken).has_value());
  CHECK(move(full, elsewhere, kUnbroken).error().code == Errc::kNotFound);
  CHECK(move(target, elsewhere, kUnbroken).has_value());
  CHECK(show(elsewhere) == before);
}

}  // namespace disposable
