// What the contract suite runs against. A backend joins with one struct of this shape:
//
//   explicit X(OutboxLimits limits = {});   a new, empty store
//   SecretStore& store();  Outbox& outbox();
//   StoreTotals totals();  void limit(const StorageLimits&);
//   void reopen();         as after a restart
//   ServedStore& served(); of all but the memory

#pragma once

#include <memory>
#include <string_view>

#include "store/memory/memory_store.h"
#include "store/rocksdb/rocksdb_store.h"
#include "support/temporary_folder.h"
#ifdef DISPOSABLE_WITH_REDIS
#include "contract/redis_harness.h"
#define OTHER_STORES RocksDbHarness, RedisHarness, SharedRedisHarness
#else
#define OTHER_STORES RocksDbHarness
#endif
#define EVERY_STORE MemoryHarness, OTHER_STORES

namespace disposable {

struct MemoryHarness {
  explicit MemoryHarness(OutboxLimits limits = {}) : memory(limits) {}
  SecretStore& store() { return memory; }
  Outbox& outbox() { return memory; }
  StoreTotals totals() { return memory.totals(); }
  void limit(const StorageLimits& limits) { memory.set_storage_limits(limits); }
  void reopen() {}

  MemoryStore memory;
};

struct RocksDbHarness {
  explicit RocksDbHarness(OutboxLimits limits = {});
  explicit RocksDbHarness(const RocksDbStore::Options& other);  // with the harness's own folder
  SecretStore& store() { return *rocksdb; }
  ServedStore& served() { return *rocksdb; }
  Outbox& outbox() { return *rocksdb; }
  StoreTotals totals() const { return rocksdb->totals(); }
  void limit(const StorageLimits& limits) const { rocksdb->set_storage_limits(limits); }

  void close() { rocksdb.reset(); }
  void reopen();
  Result<std::unique_ptr<RocksDbStore>> try_open() const { return RocksDbStore::open(options); }

  TemporaryFolder folder;
  RocksDbStore::Options options;
  std::unique_ptr<RocksDbStore> rocksdb;
};

// Data that is told apart by its number.
StoreId test_id(std::uint64_t number);
Event test_event(std::uint64_t number);
Bytes test_bytes(std::string_view text);
WallTime at(std::int64_t milliseconds);
inline Entry test_entry(std::string_view record, std::int64_t due) { return {test_bytes(record), at(due)}; }

}  // namespace disposable
