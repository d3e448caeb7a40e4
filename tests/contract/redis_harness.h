// RedisStore as a harness (harness.h): each has its own prefix on the one server of the test process.

#pragma once

#include <csignal>
#include <memory>

#include "contract/redis_process.h"
#include "store/redis/redis_store.h"

namespace disposable {

struct RedisHarness {
  explicit RedisHarness(OutboxLimits limits = {}) : RedisHarness(limits, RedisStore::Sharing::kOwn) {}
  RedisHarness(OutboxLimits limits, RedisStore::Sharing sharing_of_events);
  // On another server.
  RedisHarness(const RedisProcess& server, std::string url);

  SecretStore& store() { return *redis; }
  ServedStore& served() { return *redis; }
  Outbox& outbox() { return *redis; }
  StoreTotals totals() const;
  void limit(const StorageLimits& limits) const { redis->set_storage_limits(limits); }

  void close() { redis.reset(); }
  void reopen();
  // As `url` and the members say.
  RedisStore::Options options();
  Result<std::unique_ptr<RedisStore>> try_open() { return RedisStore::open(options()); }

  const RedisProcess& process;
  const std::string prefix;
  std::string url;
  OutboxLimits outbox_limits{};
  StorageLimits storage{};
  RedisStore::Sharing sharing = RedisStore::Sharing::kOwn;
  std::string consumer = "node";
  std::chrono::milliseconds stale_after{10'000};
  bool accept_data_loss = false;
  std::uint8_t keyring = 1;
  std::vector<std::string> warnings;
  SystemRandom random;
  std::unique_ptr<RedisStore> redis;
};

// All nodes carry events into one audit log.
struct SharedRedisHarness : RedisHarness {
  explicit SharedRedisHarness(OutboxLimits limits = {}) : RedisHarness(limits, RedisStore::Sharing::kShared) {}
};

}  // namespace disposable
