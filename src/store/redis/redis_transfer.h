// RedisTransfer: a store in Redis, for a move. Nodes that still run are refused by the scripts as soon as it leaves.

#pragma once

#include "crypto/random.h"
#include "store/redis/redis_client.h"
#include "store/redis/redis_move_scripts.h"
#include "store/redis/redis_schema.h"
#include "store/store_transfer.h"

namespace disposable {

class RedisTransfer final : public StoreTransfer {
 public:
  // Looks at the server as a service does. Errors as of RedisStore::open(). kUnavailable: also when a replica that the
  // Sentinels know is not connected. `random` is for the name of this run.
  static Result<std::unique_ptr<RedisTransfer>> open(RedisUrl url, bool accept_data_loss, Random& random);

  std::string name() const override { return to_text(url_); }
  Result<std::optional<std::array<std::uint8_t, 16>>> keyring_check() override;
  Result<MoveState> move_state() override;
  Result<bool> empty() override;
  Result<StoreTotals> totals() override;
  // Of nodes that share one audit log; with a log in each node there is no one mark.
  Result<std::optional<EventId>> last_acknowledged() override;

  Result<void> begin_arriving(const std::array<std::uint8_t, 16>& keyring_check, const std::string& move) override;
  Result<void> begin_leaving(const std::string& move) override;
  Result<void> end_arriving(const StoreTotals& totals, const std::optional<EventId>& last_acknowledged) override;
  Result<void> end_leaving() override;

  Result<std::vector<StoredSecret>> some_secrets(std::size_t limit) override;
  Result<std::optional<StoredSecret>> find(const StoreId& id) override;
  Result<void> put(std::span<const StoredSecret> secrets) override;
  Result<void> erase(std::span<const StoredSecret> secrets) override;
  Result<std::vector<OutboxEntry>> some_events(std::size_t limit) override;
  Result<void> put_events(std::span<const OutboxEntry> events) override;
  Result<void> erase_events(std::span<const OutboxEntry> events) override;

 private:
  explicit RedisTransfer(RedisUrl url) : url_(std::move(url)), keys_(url_.prefix) {}

  // A field of meta; nothing when it is not there.
  Result<std::optional<std::string>> field(const char* name);
  Result<void> run(const RedisScript& script, std::vector<std::string> arguments,
                   const std::vector<std::string>& more_keys = {});
  Result<void> say(MoveState::Role role, const std::string& move, const std::string& check);
  Result<void> demand_all_replicas();

  RedisUrl url_;
  const RedisKeys keys_;
  const RedisMoveScripts scripts_;
  std::string runner_;         // this run
  std::string runner_before_;  // the one that the server knew when this began; empty for none
  std::unique_ptr<RedisPool> pool_;
  std::unique_ptr<RedisClient> client_;
};

}  // namespace disposable
