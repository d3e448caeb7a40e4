// Goal: a copy that is made beside the process that writes is one moment of the store, and is nothing to serve from.

#include "store/rocksdb/store_copy.h"

#include <doctest/doctest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include "contract/harness.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/outbox_state.h"

namespace disposable {
namespace {

StoreCopy copy_of(const std::filesystem::path& from, const std::filesystem::path& to, StoreCopy::Kind kind) {
  std::filesystem::create_directories(to);
  StoreCopy copy;
  copy.kind = kind;
  copy.from = from;
  copy.to = to;
  copy.rewrite = [](ByteView record) {
    return StoreCopy::Rewritten{{Bytes(record.begin(), record.end()), at(700)}, {}};
  };
  return copy;
}

Ticket insert(RocksDbHarness& harness, std::uint64_t number, std::size_t payload_bytes) {
  const std::array<Event, 1> events{test_event(number)};
  const auto ticket = harness.store().insert(test_id(number), test_entry("record " + std::to_string(number), 500),
                                             Bytes(payload_bytes, 0x5A), events);
  REQUIRE_MESSAGE(ticket.has_value(), ticket.error().detail);
  return *ticket;
}

bool holds(const std::filesystem::path& folder, std::string_view bytes) {
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file()) {
      continue;
    }
    std::ifstream in(file.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(in), {}};
    if (content.find(bytes) != std::string::npos) {
      return true;
    }
  }
  return false;
}

// A file system that calls `intrude` once, before the operation of that number among those that look for or open files
// to read.
class IntrudedDisk final : public rocksdb::FileSystemWrapper {
 public:
  IntrudedDisk(int at_operation, std::function<void()> intrude)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), left_(at_operation), intrude_(std::move(intrude)) {}
  const char* Name() const override { return "IntrudedDisk"; }

  rocksdb::IOStatus GetChildren(const std::string& folder, const rocksdb::IOOptions& options,
                                std::vector<std::string>* children, rocksdb::IODebugContext* context) override {
    count();
    return target()->GetChildren(folder, options, children, context);
  }
  rocksdb::IOStatus NewSequentialFile(const std::string& file, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                      rocksdb::IODebugContext* context) override {
    count();
    return target()->NewSequentialFile(file, options, result, context);
  }

 private:
  void count() {
    if (--left_ == 0) {
      intrude_();
    }
  }

  int left_;
  const std::function<void()> intrude_;
};

std::size_t records_in(const Database& database) {
  std::size_t records = 0;
  REQUIRE(database.scan(Family::kRecords, {}, [&records](ByteView /*key*/, ByteView /*value*/) {
    ++records;
    return true;
  }));
  return records;
}

std::vector<OutboxEntry> outbox_of(SecretStore& store) { return dynamic_cast<Outbox&>(store).pending(0, 1000).value(); }

}  // namespace

TEST_CASE("store copy: there and back again keeps records and the outbox, and drops every payload") {
  RocksDbHarness harness;
  REQUIRE(insert(harness, 1, 16).wait());
  REQUIRE(insert(harness, 2, 5000).wait());
  REQUIRE(harness.outbox().acknowledge(harness.outbox().pending(0, 1)->front()));
  REQUIRE(insert(harness, 3, 16).wait());  // and what was decided before

  const TemporaryFolder folder;
  REQUIRE(copy_store(copy_of(harness.folder.path(), folder / "backup", StoreCopy::Kind::kBackup)).value() == 3);
  StoreCopy back = copy_of(folder / "backup", folder / "store", StoreCopy::Kind::kRestore);
  back.rewrite = [](ByteView record) {
    const bool second = as_text(record) == "record 2";
    return StoreCopy::Rewritten{test_entry(second ? "lost" : as_text(record), 900),
                                second ? std::vector<Event>{test_event(9)} : std::vector<Event>{}};
  };
  REQUIRE(copy_store(back).value() == 3);
  CHECK_FALSE(holds(folder.path(), "ZZZZZZZZ"));
  std::size_t visited = 0;
  CHECK(survey_store(folder / "store", [&visited](ByteView /*record*/) {
    ++visited;
    return Result<void>{};
  }));
  CHECK(visited == 3);

  RocksDbStore::Options options = harness.options;
  options.directory = folder / "store";
  Result<std::unique_ptr<RocksDbStore>> opened = RocksDbStore::open(options);
  REQUIRE_MESSAGE(opened, opened.error().detail);
  RocksDbStore& store = **opened;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const Result<Loaded> loaded = store.load(test_id(number));
    REQUIRE(loaded);
    CHECK(as_text(loaded->record) == (number == 2 ? "lost" : "record " + std::to_string(number)));
    CHECK(store.load_payload(test_id(number)).error().code == Errc::kNotFound);
  }
  CHECK(store.totals() == StoreTotals{});
  CHECK(store.due(at(900), 10)->size() == 3);
  CHECK(store.last_acknowledged().value() == test_event(1).id);
  const std::vector<OutboxEntry> after = outbox_of(store);
  REQUIRE(after.size() == 3);
  CHECK(after[0].event == test_event(2));
  CHECK(after[1].event == test_event(3));
  CHECK(after[2].event == test_event(9));
  CHECK(store.purge(test_id(1), store.load(test_id(1))->version)->wait());
}

TEST_CASE("store copy: what is copied beside a busy writer is one moment, with everything acknowledged before") {
  RocksDbHarness harness;
  constexpr std::size_t kPayload = 48UL * 1024;  // a log becomes a table every 350 of them
  std::atomic<std::uint64_t> acknowledged{0};
  std::atomic<bool> stop{false};
  std::jthread writer([&] {
    for (std::uint64_t number = 1; !stop; ++number) {
      const Ticket ticket = insert(harness, number, kPayload);
      if (number % 4 == 0) {
        REQUIRE(ticket.wait());
        acknowledged = number;
      }
    }
  });
  const TemporaryFolder folder;
  for (int round = 0; round < 10; ++round) {
    CAPTURE(round);
    const std::uint64_t before = acknowledged;
    std::uint64_t newest = 0;
    StoreCopy copy = copy_of(harness.folder.path(), folder / std::to_string(round), StoreCopy::Kind::kBackup);
    copy.rewrite = [&](ByteView record) {
      const std::uint64_t number = std::stoull(std::string(as_text(record)).substr(std::string("record ").size()));
      newest = std::max(newest, number);
      return StoreCopy::Rewritten{{Bytes(record.begin(), record.end()), at(700)}, {}};
    };
    const Result<std::uint64_t> secrets = copy_store(copy);
    REQUIRE_MESSAGE(secrets, secrets.error().detail);
    CHECK(*secrets == newest);  // 1 to newest, none missing
    CHECK(newest >= before);
  }
  stop = true;
}

TEST_CASE("store copy: a log that becomes a table while the copy is opened is not missed") {
  std::uint64_t number = 0;
  RocksDbHarness harness;
  bool fired = false;
  const auto fill_a_table = [&] {
    fired = true;
    constexpr std::size_t kPayload = 256UL * 1024;
    const auto logs = [&] {
      std::set<std::string> names;
      for (const auto& file : std::filesystem::directory_iterator(harness.folder.path())) {
        if (file.path().extension() == ".log") {
          names.insert(file.path().filename());
        }
      }
      return names;
    };
    // Until none of the logs that were there is left.
    const std::set<std::string> before = logs();
    const auto some_left = [&] {
      const std::set<std::string> now = logs();
      return std::any_of(before.begin(), before.end(), [&now](const std::string& name) { return now.contains(name); });
    };
    for (int i = 0; some_left(); ++i) {
      REQUIRE(i < 2000);
      REQUIRE(insert(harness, ++number, kPayload).wait());
    }
  };
  for (int operation = 1; operation <= 8; ++operation) {
    CAPTURE(operation);
    REQUIRE(insert(harness, ++number, 16).wait());
    const std::uint64_t before = number;
    fired = false;
    const auto disk = std::make_shared<IntrudedDisk>(operation, fill_a_table);
    const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
    Database database(harness.folder.path(), env.get());
    const Result<void> opened = database.open_beside_writer();
    REQUIRE_MESSAGE(opened, opened.error().detail);
    CHECK(fired);
    CHECK(records_in(database) >= before);
  }
}

TEST_CASE("store copy: a backup is not served from, a store is not restored from, and nothing is made of nothing") {
  RocksDbHarness harness;
  REQUIRE(insert(harness, 1, 16).wait());
  const TemporaryFolder folder;
  REQUIRE(copy_store(copy_of(harness.folder.path(), folder / "backup", StoreCopy::Kind::kBackup)));

  RocksDbStore::Options options = harness.options;
  options.directory = folder / "backup";
  const auto served = RocksDbStore::open(options);
  REQUIRE_FALSE(served);
  CHECK(served.error().detail.find("'restore' makes a store of it") != std::string::npos);

  struct Row {
    std::filesystem::path from;
    StoreCopy::Kind kind;
    Errc code;
  };
  for (const Row& row : {Row{folder / "backup", StoreCopy::Kind::kBackup, Errc::kInvalidArgument},
                         Row{harness.folder.path(), StoreCopy::Kind::kRestore, Errc::kInvalidArgument},
                         Row{folder / "nothing", StoreCopy::Kind::kRestore, Errc::kNotFound},
                         Row{folder / "nothing", StoreCopy::Kind::kBackup, Errc::kNotFound}}) {
    CAPTURE(row.from);
    CHECK(copy_store(copy_of(row.from, folder / "to", row.kind)).error().code == row.code);
  }
  StoreCopy failing = copy_of(harness.folder.path(), folder / "failing", StoreCopy::Kind::kBackup);
  failing.rewrite = [](ByteView /*record*/) { return fail(Errc::kCorrupt, "does not decode"); };
  CHECK(copy_store(failing).error().code == Errc::kCorrupt);
  CHECK(copy_store(copy_of(folder / "failing", folder / "to", StoreCopy::Kind::kRestore)).error().code ==
        Errc::kNotFound);
}

}  // namespace disposable
