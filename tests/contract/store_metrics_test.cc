// Goal: what the RocksDB store tells about itself is true and well-formed.

#include <doctest/doctest.h>

#include "contract/faulty_disk.h"
#include "contract/harness.h"
#include "support/metrics_parser.h"

namespace disposable {
namespace {

ParsedMetrics metrics_of(const RocksDbStore& store, WallTime now) {
  MetricsText text;
  store.write_metrics(text, now);
  ParsedMetrics parsed(text.take());
  CHECK(parsed.error() == "");
  return parsed;
}

double value(const ParsedMetrics& metrics, const std::string& name) {
  return metrics.value("disposable_secrets_" + name);
}

TEST_CASE("store metrics: commits, batches, the outbox and its age") {
  FaultyDisk disk;
  RocksDbStore::Options options;
  options.env = disk.env();
  RocksDbHarness harness(options);
  const ParsedMetrics empty = metrics_of(*harness.rocksdb, at(5000));
  CHECK(value(empty, "outbox_events") == 0);
  CHECK(value(empty, "outbox_age_seconds") == 0);
  CHECK(value(empty, "store_sync_seconds_count") == 0);
  CHECK(value(empty, "disk_free_bytes") > 0);

  Event event = test_event(2000);
  event.action = Action::kCreated;
  const auto insert = [&](std::uint64_t number) {
    auto ticket = harness.store().insert(test_id(number), test_entry("r", 1), Bytes(10, 1), {&event, 1});
    REQUIRE(ticket.has_value());
    return *ticket;
  };
  REQUIRE(insert(1).wait().has_value());
  disk.hold_syncs();
  insert(2);
  disk.wait_held();
  insert(3);
  const Ticket last = insert(4);  // waits with number 3 for the next batch
  disk.release_syncs();
  REQUIRE(last.wait().has_value());
  harness.reopen();
  REQUIRE(insert(5).wait().has_value());
  const ParsedMetrics metrics = metrics_of(*harness.rocksdb, at(4500));
  CHECK(value(metrics, "live_secrets") == 5);
  CHECK(value(metrics, "stored_payload_bytes") == 50);
  CHECK(value(metrics, "outbox_events") == 5);
  CHECK(value(metrics, "outbox_age_seconds") == doctest::Approx(2.5));
  CHECK(value(metrics, "store_cache_bytes") > 0);
  CHECK(value(metrics, "store_commits_total") == 1);
  CHECK(value(metrics, "store_commit_failures_total") == 0);
  CHECK(value(metrics, "store_sync_operations_bucket{le=\"1\"}") == 1);
  CHECK(value(metrics_of(*harness.rocksdb, at(1000)), "outbox_age_seconds") == 0);  // a clock that was set back

  const auto entries = harness.outbox().pending(0, 10);
  REQUIRE(entries.has_value());
  REQUIRE(harness.outbox().acknowledge(entries->back()).has_value());
  const ParsedMetrics drained = metrics_of(*harness.rocksdb, at(4500));
  CHECK(value(drained, "outbox_events") == 0);
  CHECK(value(drained, "outbox_age_seconds") == 0);
}

TEST_CASE("store metrics: one synced write is shared by everything that waits") {
  FaultyDisk disk;
  RocksDbStore::Options options;
  options.env = disk.env();
  RocksDbHarness harness(options);
  disk.hold_syncs();
  Ticket last;
  for (std::uint64_t number = 0; number < 9; ++number) {
    last = *harness.store().insert(test_id(number), test_entry("r", 1), {}, {});
    if (number == 0) {
      disk.wait_held();
    }
  }
  disk.release_syncs();
  REQUIRE(last.wait().has_value());
  const ParsedMetrics metrics = metrics_of(*harness.rocksdb, at(0));
  CHECK(value(metrics, "store_sync_operations_bucket{le=\"1\"}") == 1);
  CHECK(value(metrics, "store_sync_operations_bucket{le=\"8\"}") == 2);
  CHECK(value(metrics, "store_sync_operations_sum") == 9);
  CHECK(value(metrics, "store_sync_seconds_count") == 2);
}

TEST_CASE("store metrics: a batch that a full disk took counts as failed") {
  FaultyDisk disk;
  RocksDbStore::Options options;
  options.env = disk.env();
  RocksDbHarness harness(options);
  disk.set(FaultyDisk::Fault::kFullTorn);
  const auto lost = harness.store().insert(test_id(1), test_entry("r", 1), {}, {});
  REQUIRE(lost.has_value());
  CHECK_FALSE(lost->wait().has_value());
  const ParsedMetrics metrics = metrics_of(*harness.rocksdb, at(0));  // also while the database is closed
  CHECK(value(metrics, "store_commit_failures_total") == 1);
  CHECK(value(metrics, "store_commits_total") == 0);
  disk.set(FaultyDisk::Fault::kNone);
}

}  // namespace
}  // namespace disposable
