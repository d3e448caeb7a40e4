// The stores that races are run on, each with a life of its own.

#pragma once

#include <doctest/doctest.h>

#include "store/memory/memory_store.h"
#include "store/rocksdb/rocksdb_store.h"
#include "support/temporary_folder.h"
#ifdef DISPOSABLE_WITH_REDIS
#include "contract/redis_harness.h"
#endif

namespace disposable {

struct OnMemory {
  MemoryStore store;
  Outbox& outbox() { return store; }
  SecretStore& secrets() { return store; }
};

struct OnRocksDb {
  TemporaryFolder folder;
  std::unique_ptr<RocksDbStore> store = open();
  Outbox& outbox() { return *store; }
  SecretStore& secrets() { return *store; }

  std::unique_ptr<RocksDbStore> open() const {
    RocksDbStore::Options options;
    options.directory = folder.path().string();
    Result<std::unique_ptr<RocksDbStore>> opened = RocksDbStore::open(std::move(options));
    REQUIRE(opened.has_value());
    return std::move(*opened);
  }
};

#ifdef DISPOSABLE_WITH_REDIS
struct OnRedis {
  RedisHarness redis;
  Outbox& outbox() { return redis.outbox(); }
  SecretStore& secrets() { return redis.store(); }
};
#define EVERY_BACKEND OnMemory, OnRocksDb, OnRedis
#else
#define EVERY_BACKEND OnMemory, OnRocksDb
#endif

}  // namespace disposable
