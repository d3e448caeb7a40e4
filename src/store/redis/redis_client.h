// RedisClient: runs scripts and reads, and learns how they ended: another connection after a broken one, the whole
// script where the server has forgotten it, the node that has the keys now, and a second run where an answer was lost
// (redis_scripts.h says why that is safe). Thread-safe.

#pragma once

#include "store/redis/redis_pool.h"
#include "store/redis/redis_scripts.h"

namespace disposable {

struct RedisMetrics {
  Histogram exchange_seconds{kSecondsBounds};
  Counter commands;
  Counter failures;  // exchanges without an answer
  Counter reruns;    // of changes whose answer was lost
};

class RedisClient {
 public:
  // Borrows the pool and the URL, which must outlive it.
  RedisClient(RedisPool& pool, const RedisUrl& url) : pool_(pool), url_(url) {}

  enum class Confirm : std::uint8_t {
    kNo,   // the effects may be lost
    kYes,  // the answer counts only once they are on the disk of the server, and on as many replicas as the URL says
  };
  // The script's answer, which is no error. kUnavailable: it had no effect, or nobody knows; the detail says which.
  Result<RedisReply> run(const RedisScript& script, const std::vector<std::string>& keys,
                         std::vector<std::string> arguments, Confirm confirm);
  // The answers of commands that only read.
  Result<std::vector<RedisReply>> ask(std::vector<RedisCommand> commands);
  // Looks at the server again, as a new connection would, and at its replicas.
  Result<void> look();

  const RedisMetrics& metrics() const { return metrics_; }

 private:
  struct Attempt;

  Result<std::vector<RedisReply>> perform(std::vector<RedisCommand> commands, const RedisScript* script,
                                          Confirm confirm);
  // The answers; an Error that is final; or nothing: to be tried again.
  std::optional<Result<std::vector<RedisReply>>> try_once(std::vector<RedisCommand>& commands, Attempt& attempt);
  std::optional<Error> refusal(RedisPool::Lease& lease, const std::string& error, Attempt& attempt);
  std::optional<RedisCommand> confirmation(const RedisServer& server) const;
  Result<void> confirmed(const RedisServer& server, const redisReply& reply) const;

  RedisPool& pool_;
  const RedisUrl& url_;
  RedisMetrics metrics_;
};

}  // namespace disposable
