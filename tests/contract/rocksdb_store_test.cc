// Goal: what only a store on disk can get wrong: restarts, foreign and damaged folders, limits of disk and memory.

#include <doctest/doctest.h>

#include <fstream>

#include "contract/harness.h"

namespace disposable {
namespace {

Ticket insert(RocksDbHarness& harness, std::uint64_t number, std::size_t payload_bytes = 256) {
  const std::array<Event, 1> events{test_event(number)};
  const auto ticket =
      harness.store().insert(test_id(number), test_entry("record", 500), Bytes(payload_bytes, 0x5A), events);
  REQUIRE_MESSAGE(ticket.has_value(), ticket.error().detail);
  return *ticket;
}

void insert_durable(RocksDbHarness& harness, std::uint64_t number) {
  REQUIRE(insert(harness, number).wait().has_value());
}

std::vector<OutboxEntry> pending(RocksDbHarness& harness) {
  auto entries = harness.outbox().pending(0, 1000);
  REQUIRE(entries.has_value());
  return std::move(*entries);
}

// The newest log: the only file that is not flushed in these small stores.
std::filesystem::path newest_log(const RocksDbHarness& harness) {
  std::filesystem::path newest;
  for (const auto& file : std::filesystem::directory_iterator(harness.folder.path())) {
    if (file.path().extension() == ".log" && file.path() > newest) {
      newest = file.path();
    }
  }
  REQUIRE_FALSE(newest.empty());
  return newest;
}

TEST_CASE("reopen: records, versions, payloads, due times and the outbox are as they were") {
  RocksDbHarness harness;
  insert_durable(harness, 1);
  insert_durable(harness, 2);
  insert_durable(harness, 3);
  const std::array<Event, 1> events{test_event(4)};
  REQUIRE(harness.store().replace(test_id(1), 1, test_entry("spent", 400), Payload::kDrop, events)->wait().has_value());
  REQUIRE(harness.store().purge(test_id(3), 1)->wait().has_value());
  const auto before = pending(harness);
  REQUIRE(harness.outbox().acknowledge(before[1]).has_value());

  for (int round = 0; round < 3; ++round) {
    harness.reopen();
    const auto loaded = harness.store().load(test_id(1));
    REQUIRE(loaded.has_value());
    CHECK(loaded->version == 2);
    CHECK(as_text(loaded->record) == "spent");
    CHECK(loaded->ticket.sequence() == 0);
    CHECK_FALSE(harness.store().load_payload(test_id(1)).has_value());
    CHECK(*harness.store().load_payload(test_id(2)) == Bytes(256, 0x5A));
    CHECK_FALSE(harness.store().load(test_id(3)).has_value());
    const auto due = harness.store().due(at(1000), 10);
    REQUIRE(due.has_value());
    REQUIRE(due->size() == 2);
    CHECK(due->front().due == at(400));
    const auto after = pending(harness);
    REQUIRE(after.size() == 2);
    CHECK(after.front().position == before[2].position);
    CHECK(after.back().event == test_event(4));
    CHECK(harness.outbox().last_acknowledged()->value() == test_event(2).id);
    CHECK(harness.rocksdb->outbox_depth() == 2);
  }
}

TEST_CASE("reopen: outbox positions are never given twice, also when the outbox is empty") {
  RocksDbHarness harness;
  std::uint64_t last = 0;
  for (std::uint64_t round = 1; round <= 5; ++round) {
    insert_durable(harness, round);
    const auto entries = pending(harness);
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].position > last);
    last = entries[0].position;
    REQUIRE(harness.outbox().acknowledge(entries[0]).has_value());
    harness.reopen();
    CHECK(harness.rocksdb->outbox_depth() == 0);
  }
}

TEST_CASE("reopen: the outbox limits hold for what was there before") {
  RocksDbHarness harness(OutboxLimits{.creates_max = 3, .changes_max = 4});
  insert_durable(harness, 1);
  insert_durable(harness, 2);
  insert_durable(harness, 3);
  harness.reopen();
  const auto refused = harness.store().insert(test_id(4), test_entry("r", 1), {}, {});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::kUnavailable);
  const std::array<Event, 1> events{test_event(5)};
  CHECK(harness.store().replace(test_id(1), 1, test_entry("r", 1), Payload::kKeep, events).has_value());
  CHECK_FALSE(harness.store().replace(test_id(2), 1, test_entry("r", 1), Payload::kKeep, events).has_value());
}

TEST_CASE("open: a folder in use is refused with a clear reason, and free once its owner is gone") {
  RocksDbHarness harness;
  insert_durable(harness, 1);
  const auto second = harness.try_open();
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Errc::kUnavailable);
  CHECK(second.error().detail.find("in use by another process") != std::string::npos);
  insert_durable(harness, 2);
  harness.reopen();
  CHECK(pending(harness).size() == 2);
}

TEST_CASE("open: another keyring is refused and nothing has changed") {
  RocksDbHarness harness;
  insert_durable(harness, 1);
  harness.close();
  harness.options.keyring_check[3] = 7;
  const auto refused = harness.try_open();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::kInvalidArgument);
  CHECK(refused.error().detail == "the keyring does not belong to this data folder");
  harness.options.keyring_check[3] = 0;
  harness.reopen();
  CHECK(pending(harness).size() == 1);
  CHECK(harness.store().load(test_id(1)).has_value());
}

TEST_CASE("open: a folder that is missing or is none is kUnavailable with the reason") {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "file") << "no folder";
  for (const char* name : {"missing", "file", "file/below"}) {
    CAPTURE(name);
    const auto refused = RocksDbStore::open({.directory = folder.path() / name});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::kUnavailable);
    CHECK(refused.error().detail.find(name) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "missing"));
  }
}

TEST_CASE("open: a torn tail of the log is a write that never happened") {
  RocksDbHarness harness;
  insert_durable(harness, 1);
  insert_durable(harness, 2);
  insert_durable(harness, 3);
  harness.close();
  const auto log = newest_log(harness);
  std::filesystem::resize_file(log, std::filesystem::file_size(log) - 10);
  harness.reopen();
  CHECK(harness.store().load(test_id(2)).has_value());
  CHECK_FALSE(harness.store().load(test_id(3)).has_value());
  CHECK(pending(harness).size() == 2);
  CHECK(harness.totals().payload_bytes == 2UL * 256);
  insert_durable(harness, 3);
  CHECK(pending(harness).size() == 3);
}

TEST_CASE("open: a flipped bit in the middle of the log is kCorrupt, again and again; nothing is rolled back") {
  RocksDbHarness harness;
  for (std::uint64_t number = 1; number <= 20; ++number) {
    insert_durable(harness, number);
  }
  harness.close();
  const auto log = newest_log(harness);
  const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(log) / 2);
  const auto flip = [&log, middle] {
    std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(middle);
    const int byte = file.get();
    file.seekp(middle);
    file.put(static_cast<char>(byte ^ 0x10));
  };
  flip();
  for (int round = 0; round < 3; ++round) {
    const auto refused = harness.try_open();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::kCorrupt);
  }
  flip();
  harness.reopen();
  CHECK(pending(harness).size() == 20);
}

TEST_CASE("open: a folder that has lost its CURRENT file is not taken for a new store") {
  RocksDbHarness harness;
  insert_durable(harness, 1);
  harness.close();
  std::filesystem::rename(harness.folder.path() / "CURRENT", harness.folder.path() / "kept");
  const auto refused = harness.try_open();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::kCorrupt);
  CHECK(refused.error().detail.find("CURRENT") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(harness.folder.path() / "CURRENT"));
  std::filesystem::rename(harness.folder.path() / "kept", harness.folder.path() / "CURRENT");
  harness.reopen();
  CHECK(harness.store().load(test_id(1)).has_value());
}

TEST_CASE("insert: refused while the disk is nearly full; changes and purges still work") {
  RocksDbHarness harness;
  insert_durable(harness, 1);
  harness.options.storage.disk_reserve_bytes = std::uint64_t{1} << 62U;
  harness.reopen();
  const auto refused = harness.store().insert(test_id(2), test_entry("r", 1), {}, {});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::kStorageFull);
  CHECK(refused.error().detail == "disk nearly full");
  REQUIRE(harness.store().replace(test_id(1), 1, test_entry("r", 1), Payload::kDrop, {})->wait().has_value());
  REQUIRE(harness.store().purge(test_id(1), 2)->wait().has_value());
  harness.limit({.disk_reserve_bytes = 0});
  insert_durable(harness, 2);
}

TEST_CASE("open: a folder of the first format is refused and nothing has changed") {
  const TemporaryFolder folder;
  const Bytes identity = ByteWriter().u32(1).raw(KeyringCheck{}).take();
  {
    Database database(folder.path());
    REQUIRE(database.open().has_value());
    Database::Batch batch(database);
    batch.put(Family::kMeta, as_bytes(kIdentityKey), identity);
    REQUIRE(database.write(batch, Database::Sync::kYes).outcome == Database::Outcome::kWritten);
  }
  const auto refused = RocksDbStore::open({.directory = folder.path()});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::kInvalidArgument);
  CHECK(refused.error().detail == "the data folder was written by another version of this program");
  Database database(folder.path());
  REQUIRE(database.open().has_value());
  CHECK(database.read(Family::kMeta, as_bytes(kIdentityKey))->value() == identity);
}

TEST_CASE("cache: bounded however much is stored and read, and what left it is read from disk") {
  RocksDbStore::Options options;
  options.cache_bytes = 512UL * 1024;
  RocksDbHarness harness(options);
  constexpr std::uint64_t kSecrets = 3000;
  Ticket last;
  for (std::uint64_t number = 0; number < kSecrets; ++number) {
    last = insert(harness, number, number % 100 == 0 ? 200'000 : 1000);
  }
  REQUIRE(last.wait().has_value());
  for (std::uint64_t number = 0; number < kSecrets; ++number) {
    REQUIRE(harness.store().load(test_id(number)).has_value());
    REQUIRE(harness.store().load_payload(test_id(number))->size() == (number % 100 == 0 ? 200'000 : 1000));
  }
  harness.reopen();
  for (std::uint64_t number = 0; number < kSecrets; ++number) {
    REQUIRE(harness.store().load(test_id(number)).has_value());
  }
  // One entry more than fits may stay in each of 256 stripes.
  CHECK(harness.rocksdb->cached_bytes() <= options.cache_bytes + 256UL * 1024);
}

}  // namespace
}  // namespace disposable
