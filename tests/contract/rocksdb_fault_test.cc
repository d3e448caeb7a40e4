// Goal: when the disk fails nothing is shown as durable that is not, and after a full disk the store comes back by
// itself with what recovery found. Method: FaultyDisk under a real RocksDB; syncs are held to look at the store while a
// change is decided but not durable.

#include <doctest/doctest.h>

#include <atomic>

#include "contract/faulty_disk.h"
#include "contract/harness.h"

namespace disposable {
namespace {

using Fault = FaultyDisk::Fault;

// The store is declared last: it goes before the disk under it.
struct FaultyStore {
  FaultyStore() {
    RocksDbStore::Options options;
    options.env = disk.env();
    options.on_fatal = [this](const std::string& reason) {
      ++fatal_calls;
      fatal_reason = reason;
    };
    harness = std::make_unique<RocksDbHarness>(options);
  }
  ~FaultyStore() { disk.release_syncs(); }

  SecretStore& store() { return harness->store(); }
  Outbox& outbox() { return harness->outbox(); }

  Result<Ticket> insert(std::uint64_t number) {
    const std::array<Event, 1> events{test_event(number)};
    return store().insert(test_id(number), test_entry("record", 500), test_bytes("payload"), events);
  }
  void insert_durable(std::uint64_t number) {
    const auto ticket = insert(number);
    REQUIRE(ticket.has_value());
    REQUIRE(ticket->wait().has_value());
  }
  bool shows(std::uint64_t number) { return store().load(test_id(number)).has_value(); }
  std::size_t events_pending() {
    const auto pending = outbox().pending(0, 1000);
    REQUIRE(pending.has_value());
    return pending->size();
  }
  // What is there, counted anew: every event of this fixture is a retrieval.
  StoreTotals counted() {
    StoreTotals sum{-static_cast<std::int64_t>(events_pending()), 0};
    for (std::uint64_t number = 0; number < 1100; ++number) {
      const auto payload = store().load_payload(test_id(number));
      sum.payload_bytes += payload ? payload->size() : 0;
    }
    return sum;
  }
  void wait_ready() {
    for (int i = 0; i < 1000 && !store().ready(); ++i) {
      outbox().wait_pending(std::chrono::milliseconds{20});
    }
    REQUIRE(store().ready().has_value());
    CHECK(harness->totals() == counted());
  }

  FaultyDisk disk;
  std::atomic<int> fatal_calls{0};
  std::string fatal_reason;
  std::unique_ptr<RocksDbHarness> harness;
};

bool unavailable(const auto& result) { return !result.has_value() && result.error().code == Errc::kUnavailable; }

void check_all_unavailable(FaultyStore& faulty) {
  CHECK(unavailable(faulty.store().ready()));
  CHECK_FALSE(faulty.store().ready().error().detail.empty());
  CHECK(unavailable(faulty.store().load(test_id(1))));
  CHECK(unavailable(faulty.store().load(test_id(99))));
  CHECK(unavailable(faulty.store().load_payload(test_id(1))));
  CHECK(unavailable(faulty.insert(50)));
  CHECK(unavailable(faulty.store().replace(test_id(1), 1, test_entry("r", 1), Payload::kKeep, {})));
  CHECK(unavailable(faulty.store().purge(test_id(1), 1)));
  CHECK(unavailable(faulty.store().due(at(1000), 10)));
  CHECK(unavailable(faulty.outbox().pending(0, 10)));
  CHECK(unavailable(faulty.outbox().acknowledge({1, test_event(1)})));
  CHECK(unavailable(faulty.outbox().last_acknowledged()));
}

TEST_CASE("load: a state that is not durable carries the ticket of its change") {
  FaultyStore faulty;
  faulty.insert_durable(1);
  faulty.disk.hold_syncs();
  const auto inserted = faulty.insert(2);
  REQUIRE(inserted.has_value());
  const auto replaced = faulty.store().replace(test_id(1), 1, test_entry("spent", 500), Payload::kDrop, {});
  REQUIRE(replaced.has_value());
  faulty.disk.wait_held();

  const auto fresh = faulty.store().load(test_id(2));
  REQUIRE(fresh.has_value());
  CHECK(fresh->ticket.sequence() == inserted->sequence());
  CHECK(as_text(*faulty.store().load_payload(test_id(2))) == "payload");
  const auto spent = faulty.store().load(test_id(1));
  REQUIRE(spent.has_value());
  CHECK(spent->version == 2);
  CHECK(spent->ticket.sequence() == replaced->sequence());
  CHECK_FALSE(faulty.store().load_payload(test_id(1)).has_value());
  CHECK(faulty.events_pending() == 1);

  REQUIRE(faulty.store().purge(test_id(1), 2).has_value());
  const auto purged = faulty.store().load(test_id(1));
  REQUIRE_FALSE(purged.has_value());
  CHECK(purged.error().code == Errc::kNotFound);

  faulty.disk.release_syncs();
  REQUIRE(spent->ticket.wait().has_value());
  CHECK(faulty.store().load(test_id(2))->ticket.sequence() == 0);
  CHECK(faulty.events_pending() == 2);
}

// What a full disk leaves of a change depends on where it struck.
struct FullDisk {
  const char* name;
  Fault fault;
  bool change_survives;
};

TEST_CASE("a full disk: tickets fail, nothing is shown, and the store comes back with what recovery found") {
  for (const FullDisk& row :
       {FullDisk{"torn write", Fault::kFullTorn, false}, FullDisk{"written, sync failed", Fault::kFullAtSync, true}}) {
    CAPTURE(row.name);
    FaultyStore faulty;
    faulty.insert_durable(1);
    faulty.disk.hold_syncs();
    const auto first = faulty.insert(2);
    faulty.disk.wait_held();  // number 2 is written; what follows is decided behind it
    const auto behind = faulty.insert(3);
    const auto spent = faulty.store().replace(test_id(1), 1, test_entry("spent", 500), Payload::kDrop, {});
    REQUIRE((first.has_value() && behind.has_value() && spent.has_value()));
    faulty.disk.set(row.fault);
    faulty.disk.release_syncs();

    const bool first_durable = first->wait().has_value();
    CHECK(first_durable == (row.fault == Fault::kFullTorn));  // its own write was over when the fault came
    CHECK(unavailable(behind->wait()));
    CHECK(unavailable(spent->wait()));
    check_all_unavailable(faulty);

    faulty.disk.set(Fault::kNone);
    faulty.wait_ready();
    CHECK(faulty.fatal_calls == 0);
    CHECK(faulty.shows(1));
    CHECK(faulty.shows(2));
    CHECK_FALSE(faulty.shows(3));
    CHECK(faulty.store().load(test_id(1))->version == 1);
    CHECK(faulty.store().load_payload(test_id(1)).has_value());
    CHECK(faulty.events_pending() == 2);
    CHECK(unavailable(behind->wait()));  // late, and after others have succeeded
    faulty.insert_durable(4);
    CHECK(unavailable(spent->wait()));
    CHECK(faulty.events_pending() == 3);
    faulty.harness->reopen();
    CHECK(faulty.events_pending() == 3);
    CHECK(faulty.shows(4));
  }
}

TEST_CASE("a full disk: an outcome that was unknown may turn out to be durable, with its event") {
  FaultyStore faulty;
  faulty.insert_durable(1);
  faulty.disk.set(Fault::kFullAtSync);
  const auto spent = faulty.store().replace(test_id(1), 1, test_entry("spent", 500), Payload::kDrop,
                                            std::array<Event, 1>{test_event(2)});
  REQUIRE(spent.has_value());
  CHECK(unavailable(spent->wait()));
  faulty.disk.set(Fault::kNone);
  faulty.wait_ready();
  CHECK(unavailable(spent->wait()));
  const auto loaded = faulty.store().load(test_id(1));
  REQUIRE(loaded.has_value());
  CHECK(loaded->version == 2);
  CHECK(loaded->ticket.sequence() == 0);
  CHECK(faulty.events_pending() == 2);
}

TEST_CASE("a full disk: it may fill up again and again") {
  FaultyStore faulty;
  for (std::uint64_t round = 0; round < 3; ++round) {
    faulty.insert_durable(10 + round);
    faulty.disk.set(Fault::kFullTorn);
    const auto lost = faulty.insert(20 + round);
    REQUIRE(lost.has_value());
    CHECK(unavailable(lost->wait()));
    faulty.disk.set(Fault::kNone);
    faulty.wait_ready();
    CHECK(faulty.shows(10 + round));
    CHECK_FALSE(faulty.shows(20 + round));
  }
  CHECK(faulty.events_pending() == 3);
  CHECK(faulty.fatal_calls == 0);
}

TEST_CASE("a full disk: when only the log has space left, writes stop in the end, and nothing acknowledged is lost") {
  FaultyStore faulty;
  faulty.disk.set(Fault::kNoTables);
  std::uint64_t acknowledged = 0;
  for (; acknowledged < 500; ++acknowledged) {
    const Bytes payload(1024UL * 1024, 0x5A);
    const auto ticket = faulty.store().insert(test_id(acknowledged), test_entry("record", 500), payload, {});
    if (!ticket || !ticket->wait()) {
      break;
    }
  }
  REQUIRE(acknowledged < 500);
  faulty.disk.set(Fault::kNone);
  faulty.wait_ready();
  CHECK(faulty.fatal_calls == 0);
  for (std::uint64_t number = 0; number < acknowledged; ++number) {
    REQUIRE(faulty.shows(number));
    REQUIRE(faulty.store().load_payload(test_id(number)).has_value());
  }
  faulty.insert_durable(1000);
}

TEST_CASE("a full disk: closing the store does not wait for space") {
  FaultyStore faulty;
  faulty.insert_durable(1);
  faulty.disk.set(Fault::kFullTorn);
  const auto lost = faulty.insert(2);
  REQUIRE(lost.has_value());
  CHECK(unavailable(lost->wait()));
  faulty.harness->close();
  faulty.disk.set(Fault::kNone);
  faulty.harness->reopen();
  CHECK(faulty.harness->totals() == faulty.counted());
  CHECK(faulty.shows(1));
  CHECK_FALSE(faulty.shows(2));
}

TEST_CASE("a failed fsync, or a disk that turned read-only: on_fatal once, and nothing is revealed ever after") {
  for (const Fault fault : {Fault::kSyncError, Fault::kReadOnly}) {
    CAPTURE(static_cast<int>(fault));
    FaultyStore faulty;
    faulty.insert_durable(1);
    faulty.disk.set(fault);
    const auto spent = faulty.store().replace(test_id(1), 1, test_entry("spent", 500), Payload::kDrop,
                                              std::array<Event, 1>{test_event(2)});
    REQUIRE(spent.has_value());
    CHECK(unavailable(spent->wait()));
    faulty.disk.set(Fault::kNone);
    check_all_unavailable(faulty);
    CHECK(unavailable(spent->wait()));
    faulty.harness->close();  // joins the thread that calls on_fatal
    CHECK(faulty.fatal_calls == 1);
    CHECK(faulty.fatal_reason.find("injected") != std::string::npos);

    // A new process sees either all of the change or nothing of it.
    faulty.harness->reopen();
    CHECK(faulty.harness->totals() == faulty.counted());
    const auto loaded = faulty.store().load(test_id(1));
    REQUIRE(loaded.has_value());
    CHECK(faulty.events_pending() == loaded->version);
    CHECK(faulty.store().load_payload(test_id(1)).has_value() == (loaded->version == 1));
  }
}

TEST_CASE("closing: what was decided is durable afterwards") {
  FaultyStore faulty;
  faulty.disk.hold_syncs();
  for (std::uint64_t number = 1; number <= 30; ++number) {
    REQUIRE(faulty.insert(number).has_value());
  }
  faulty.disk.release_syncs();
  faulty.harness->reopen();
  CHECK(faulty.events_pending() == 30);
  CHECK(faulty.harness->totals() == StoreTotals{-30, 30 * 7});
}

}  // namespace
}  // namespace disposable
