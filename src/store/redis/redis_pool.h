// RedisPool: connections to the server that holds the store, shared by all threads, and the knowledge whether there is
// one at all. When a connection breaks one caller tries at once for all, and the others wait 50 ms for it; after a
// failure to connect nobody tries again for a while (50 ms, doubled up to 2 s), and then one caller does for all: a
// dead or frozen server holds up few threads, and the others hear of it at once. Thread-safe.

#pragma once

#include <functional>
#include <optional>

#include "base/metrics.h"
#include "base/mutex.h"
#include "store/redis/redis_checks.h"

namespace disposable {

class RedisPool {
 public:
  struct Options {
    RedisExpectations expected;  // its URL must outlive the pool
    std::size_t connections = 1;
    std::function<void(const std::string&)> on_warning{};
  };
  // Reads the certificates that the URL names; connects to nobody.
  static Result<std::unique_ptr<RedisPool>> make(Options options);

  // A connection for one caller. Goes back to the pool, unless it failed.
  class Lease {
   public:
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();

    RedisConnection& connection() { return *held_->connection; }
    const RedisServer& server() const { return held_->server; }
    const RedisPlace& place() const { return held_->place; }
    // The connection is of no use, or its server is none: all others to it end too, and the next caller looks for a
    // server anew, after a while.
    void failed(const Error& error);
    // The same, but it is known where to look.
    void moved(const RedisPlace& place);

   private:
    friend class RedisPool;
    struct Held {
      std::unique_ptr<RedisConnection> connection;
      RedisPlace place;
      RedisServer server;
      std::uint64_t generation = 0;
    };
    Lease(RedisPool& pool, std::unique_ptr<Held> held) : pool_(&pool), held_(std::move(held)) {}

    RedisPool* pool_;
    std::unique_ptr<Held> held_;
  };

  enum class Patience : std::uint8_t {
    kFailFast,  // while nobody tries, the reason why
    kInsist,    // tries in any case: the caller has an outcome to learn
  };
  // Waits for a free connection for at most the URL's timeout. Errors of check_redis(), or that of the latest failure.
  Result<Lease> acquire(Patience patience);
  // Looks at the server of this connection as if it were a new one.
  Result<void> check(Lease& lease);
  // From now on an empty server is a failure.
  void must_exist();

  // The latest failure, while there was no success since.
  Result<void> state();
  const Counter& opened() const { return opened_; }

 private:
  using Held = Lease::Held;

  RedisPool(Options options, std::shared_ptr<const RedisTls> tls)
      : options_(std::move(options)), tls_(std::move(tls)) {}

  // An idle connection; null: the caller has leave to make a new one.
  Result<std::unique_ptr<Held>> take(Patience patience);
  Result<std::unique_ptr<Held>> connect();
  Result<std::unique_ptr<Held>> connect_to(RedisPlace place);
  void give_back(std::unique_ptr<Held> held);
  void warn(const std::vector<std::string>& warnings);
  void note_failure(const Error& error) REQUIRES(mutex_);
  void note_broken(const Error& error) REQUIRES(mutex_);
  void forget_server(std::uint64_t generation) REQUIRES(mutex_);

  const Options options_;
  const std::shared_ptr<const RedisTls> tls_;  // null without TLS
  Counter opened_;
  Mutex mutex_;
  CondVar freed_;
  std::vector<std::unique_ptr<Held>> idle_ GUARDED_BY(mutex_);
  std::size_t open_ GUARDED_BY(mutex_) = 0;          // also those that are lent, or being made
  std::uint64_t generation_ GUARDED_BY(mutex_) = 1;  // one more whenever all connections made so far are given up
  bool must_exist_ GUARDED_BY(mutex_) = false;
  std::optional<RedisPlace> moved_ GUARDED_BY(mutex_);
  std::optional<Error> failure_ GUARDED_BY(mutex_);
  std::chrono::milliseconds delay_ GUARDED_BY(mutex_){0};
  Deadline retry_at_ GUARDED_BY(mutex_){};
  std::vector<std::string> warned_ GUARDED_BY(mutex_);
};

}  // namespace disposable
