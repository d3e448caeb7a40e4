// A Redis server of the test's own, as safe as a store wants it, below a temporary folder. DISPOSABLE_REDIS_SERVER
// names another program than Redis, such as valkey-server.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "support/temporary_folder.h"

namespace disposable {

// A port of 127.0.0.1 that nobody listens on at this moment.
std::uint16_t free_port();

struct SentinelConfiguration {
  std::filesystem::path file;
};

class RedisProcess {
 public:
  // `settings` come after the safe ones, two words each: {"--appendfsync", "everysec"}. Returns once it answers.
  explicit RedisProcess(std::vector<std::string> settings = {});
  explicit RedisProcess(const SentinelConfiguration& sentinel);
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;
  ~RedisProcess() { end(kKill); }

  std::uint16_t port() const { return port_; }
  std::string socket() const { return folder_ / "redis.sock"; }
  const TemporaryFolder& folder() const { return folder_; }
  // "redis+unix://...?prefix=<prefix>" and the like over TCP.
  std::string unix_url(const std::string& prefix) const { return "redis+unix://" + socket() + "?prefix=" + prefix; }
  std::string tcp_url(const std::string& prefix) const {
    return "redis://127.0.0.1:" + std::to_string(port_) + "?prefix=" + prefix;
  }

  // What it says to a command, as text; arrays with blanks between.
  std::string say(const std::vector<std::string>& command) const;

  void freeze() const;
  void thaw() const;
  // Kills it; start() goes on with what is on its disk.
  void kill() { end(kKill); }
  void start();

 private:
  static constexpr int kKill = 9;
  std::vector<std::string> words() const;
  void end(int signal);

  TemporaryFolder folder_;
  const std::uint16_t port_;
  const std::vector<std::string> settings_;
  const std::string sentinel_configuration_;
  pid_t pid_ = -1;
};

// The one that all tests of this process share which do it no harm.
RedisProcess& shared_redis();

}  // namespace disposable
