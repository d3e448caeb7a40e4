// RedisStore: secrets and outbox of many nodes in one Redis or Valkey, without coordination between the nodes.
//
// A change is one Lua script (redis_scripts.h): compare, swap, schedule, totals and events, all or nothing. It is
// durable when a call returns, so every ticket is. How keys look: redis_schema.h.
//
// A change whose answer was lost is run again with the token that names it: a script that meets its own token says
// what it said before. So an outcome is learnt, never guessed; what cannot be learnt in time is kUnavailable.
//
// Thread-safe, but for the outbox (core/store.h). Calls block for at most a few timeouts of the URL, and not at all
// while the server is known to be away. SIGPIPE must be blocked or ignored (app/signals.h).

#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "crypto/random.h"
#include "store/outbox_limits.h"
#include "store/redis/redis_connection.h"
#include "store/redis/redis_schema.h"
#include "store/served_store.h"
#include "store/store_totals.h"

namespace disposable {

class RedisClient;
class RedisPool;
struct RedisScript;
struct RedisScripts;

class RedisStore final : public ServedStore {
 public:
  // Whether all nodes carry the events of the one outbox into one audit log, or each into its own.
  enum class Sharing : std::uint8_t {
    kOwn,     // every event goes to exactly one node's log: to that of the node it was shown to first
    kShared,  // one node at a time carries events, in commit order; another takes over when it is gone
  };

  struct Options {
    RedisUrl url{};
    std::array<std::uint8_t, 16> keyring_check{};  // stored when the store is created
    OutboxLimits outbox{};
    StorageLimits storage{};
    Sharing sharing = Sharing::kOwn;
    std::string consumer = "node";  // names this node, and no other that runs
    // With kShared: for how long what was shown to a node, and not acknowledged, is not shown to another.
    std::chrono::milliseconds stale_after{10'000};
    // What all nodes of a store must agree on, in words for the operator; the first that may create it says so. Empty:
    // as it is.
    std::string agreed{};
    bool create = true;  // without, a store that is not there is kNotFound
    // Serves from a server that may lose what it has confirmed (no append-only file, eviction), with a warning.
    bool accept_data_loss = false;
    std::size_t connections = 32;  // at most
    Random* random = nullptr;      // must outlive the store
    // One sentence for the operator. Called by any thread; must not call back.
    std::function<void(const std::string&)> on_warning{};
  };

  // kInvalidArgument: the store belongs to another keyring or another version (nothing in it has changed), or the
  // server's settings are unsafe. kUnavailable: the server cannot be reached, refuses us, or is none we can use. The
  // detail is one line that says which, and what to do.
  static Result<std::unique_ptr<RedisStore>> open(Options options);
  ~RedisStore() override;

  Result<Ticket> insert(const StoreId& id, Entry entry, Bytes payload, std::span<const Event> events) override;
  Result<Loaded> load(const StoreId& id) override;
  Result<Bytes> load_payload(const StoreId& id) override;
  Result<Ticket> replace(const StoreId& id, std::uint64_t expected_version, Entry entry, Payload payload,
                         std::span<const Event> events) override;
  Result<Ticket> purge(const StoreId& id, std::uint64_t expected_version) override;
  Result<std::vector<DueEntry>> due(WallTime now, std::size_t limit) override;
  // What is known. Once a second a caller looks at the server again, as on a new connection: role, settings, replicas.
  Result<void> ready() override;
  // Asks the server, by a write that changes nothing.
  Result<void> takes_changes() override;
  Result<void> wait_durable(CommitSequence /*sequence*/) override { return {}; }
  std::optional<Result<void>> outcome(CommitSequence /*sequence*/) override { return Result<void>{}; }
  void watch_settled(std::function<void()> /*listener*/) override {}

  Result<std::vector<OutboxEntry>> pending(std::uint64_t after_position, std::size_t limit) override;
  Result<void> acknowledge(const OutboxEntry& last) override;
  Result<std::optional<EventId>> last_acknowledged() override;
  // Wakes for events of this node; those of others are found when `timeout` has passed.
  void wait_pending(std::chrono::milliseconds timeout) override;

  Result<StoreTotals> totals() const;
  Result<void> visit_records(const RecordVisitor& visit) override;
  void set_storage_limits(const StorageLimits& limits) override;
  void write_metrics(MetricsText& text, WallTime now) const override;

 private:
  explicit RedisStore(Options options);
  Result<void> start();

  // What is asked of one secret, if this server holds a store to serve from.
  Result<RedisReply> ask_for_secret(RedisCommand question);
  // Runs the script of a change; the word it answers, which is not "OK", as the Error that it stands for.
  Result<Ticket> change(const RedisScript& script, const StoreId& id, std::vector<std::string> arguments);
  std::string token();
  Result<void> visit_page(std::span<redisReply* const> members, const RecordVisitor& visit);
  // This process has added events.
  void note_events();

  const Options options_;
  const RedisKeys keys_;
  const std::unique_ptr<const RedisScripts> scripts_;
  std::unique_ptr<RedisPool> pool_;
  std::unique_ptr<RedisClient> client_;
  std::atomic<std::uint64_t> stored_bytes_max_;

  Mutex look_mutex_;
  std::chrono::steady_clock::time_point looked_at_ GUARDED_BY(look_mutex_){};
  Result<void> looked_ GUARDED_BY(look_mutex_){};

  Mutex outbox_mutex_;
  CondVar appended_;
  bool may_be_pending_ GUARDED_BY(outbox_mutex_) = true;  // there are events, as far as this process knows
};

// Version of the linked hiredis, for example "1.2.0".
std::string hiredis_version();

}  // namespace disposable
