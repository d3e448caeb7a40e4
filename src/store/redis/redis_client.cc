#include "store/redis/redis_client.h"

#include <algorithm>
#include <array>

#include "store/redis/redis_schema.h"

namespace disposable {

namespace {

// A first one, one on another connection, and what it takes to learn a script and to follow a key.
constexpr int kAttemptsMax = 4;

// The server cannot be the one that holds the store, or not now: look for it anew.
constexpr std::array<std::string_view, 6> kUnfit{"READONLY",    "LOADING", "MASTERDOWN",
                                                 "CLUSTERDOWN", "NOAUTH",  "TRYAGAIN"};

bool begins_with_any(std::string_view text, std::span<const std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [text](std::string_view beginning) { return text.starts_with(beginning); });
}

}  // namespace

struct RedisClient::Attempt {
  const RedisScript* script;
  Confirm confirm;
  Deadline give_up;
  int number = 0;
  bool unknown = false;  // an earlier attempt may have had its effect

  bool last() const { return number + 1 >= kAttemptsMax || std::chrono::steady_clock::now() >= give_up; }
  Error outcome(const Error& error) const {
    return {Errc::kUnavailable, (unknown && script != nullptr ? "the outcome is unknown: " : "") + error.detail,
            error.retry_after};
  }
};

std::optional<RedisCommand> RedisClient::confirmation(const RedisServer& server) const {
  const std::string timeout = std::to_string(url_.timeout.count() / 2);
  if (server.has_waitaof && server.syncs_always) {
    return RedisCommand{"WAITAOF", "1", std::to_string(url_.replicas), timeout};
  }
  if (url_.replicas > 0) {
    return RedisCommand{"WAIT", std::to_string(url_.replicas), timeout};
  }
  return std::nullopt;
}

Result<void> RedisClient::confirmed(const RedisServer& server, const redisReply& reply) const {
  if (const std::string error = reply_error(reply); !error.empty()) {
    return fail(Errc::kUnavailable, "decided, but not confirmed: Redis " + explain_redis_error(error));
  }
  const auto counts = reply_elements(reply);
  const bool waitaof = server.has_waitaof && server.syncs_always;
  const std::int64_t local = waitaof && counts.size() == 2 ? reply_number(*counts[0]) : 1;
  const std::int64_t replicas = !waitaof ? reply_number(reply) : counts.size() == 2 ? reply_number(*counts[1]) : 0;
  if (local < 1) {
    return fail(Errc::kUnavailable, "decided, but not confirmed: Redis did not write to its disk in time");
  }
  if (replicas < url_.replicas) {
    return fail(Errc::kUnavailable, "decided, but not confirmed: " + std::to_string(replicas) + " of " +
                                        std::to_string(url_.replicas) + " replicas of Redis have it");
  }
  return {};
}

std::optional<Error> RedisClient::refusal(RedisPool::Lease& lease, const std::string& error, Attempt& attempt) {
  if (attempt.script != nullptr && error.starts_with("NOSCRIPT")) {
    return std::nullopt;
  }
  if (const std::optional<RedisPlace> place = parse_moved(error, lease.place())) {
    lease.moved(*place);
    return attempt.last() ? std::optional(attempt.outcome({Errc::kUnavailable, "Redis moves the keys"})) : std::nullopt;
  }
  const Error explained{Errc::kUnavailable, "Redis " + explain_redis_error(error)};
  if (!begins_with_any(error, kUnfit)) {
    return attempt.outcome(explained);
  }
  lease.failed(explained);
  // Somewhere there may be a primary.
  const bool replica = error.starts_with("READONLY") || error.starts_with("MASTERDOWN");
  return replica && !attempt.last() ? std::nullopt : std::optional(attempt.outcome(explained));
}

std::optional<Result<std::vector<RedisReply>>> RedisClient::try_once(std::vector<RedisCommand>& commands,
                                                                     Attempt& attempt) {
  Result<RedisPool::Lease> lease =
      pool_.acquire(attempt.number == 0 ? RedisPool::Patience::kFailFast : RedisPool::Patience::kInsist);
  if (!lease) {
    return fail(attempt.outcome(lease.error()));
  }
  const std::size_t asked = commands.size();
  const std::optional<RedisCommand> confirmation =
      attempt.confirm == Confirm::kYes ? this->confirmation(lease->server()) : std::nullopt;
  if (confirmation) {
    commands.push_back(*confirmation);
  }
  const auto begin = std::chrono::steady_clock::now();
  metrics_.commands.add(commands.size());
  Result<std::vector<RedisReply>> replies = lease->connection().exchange(commands, begin + url_.timeout);
  metrics_.exchange_seconds.observe(std::chrono::steady_clock::now() - begin);
  commands.resize(asked);
  if (!replies) {
    metrics_.failures.add();
    attempt.unknown = attempt.unknown || lease->connection().sent();
    lease->failed(replies.error());
    if (attempt.last()) {
      return fail(attempt.outcome(replies.error()));
    }
    metrics_.reruns.add(attempt.unknown && attempt.script != nullptr ? 1 : 0);
    return std::nullopt;
  }
  for (std::size_t i = 0; i < asked; ++i) {
    if (const std::string error = reply_error(*(*replies)[i]); !error.empty()) {
      const std::optional<Error> refused = refusal(*lease, error, attempt);
      if (!refused && error.starts_with("NOSCRIPT")) {
        commands[0][0] = "EVAL";
        commands[0][1] = attempt.script->text;
      }
      return refused ? std::optional<Result<std::vector<RedisReply>>>(fail(*refused)) : std::nullopt;
    }
  }
  if (confirmation) {
    const Result<void> done = confirmed(lease->server(), *replies->back());
    if (!done) {
      return fail(done.error());
    }
  }
  return replies;
}

Result<std::vector<RedisReply>> RedisClient::perform(std::vector<RedisCommand> commands, const RedisScript* script,
                                                     Confirm confirm) {
  Attempt attempt{script, confirm, std::chrono::steady_clock::now() + 2 * url_.timeout};
  for (;; ++attempt.number) {
    std::optional<Result<std::vector<RedisReply>>> done = try_once(commands, attempt);
    if (done) {
      return std::move(*done);
    }
  }
}

Result<RedisReply> RedisClient::run(const RedisScript& script, const std::vector<std::string>& keys,
                                    std::vector<std::string> arguments, Confirm confirm) {
  RedisCommand command{"EVALSHA", script.sha1, std::to_string(keys.size())};
  command.insert(command.end(), keys.begin(), keys.end());
  command.insert(command.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  std::vector<RedisCommand> commands;
  commands.push_back(std::move(command));
  Result<std::vector<RedisReply>> replies = perform(std::move(commands), &script, confirm);
  if (!replies) {
    return fail(replies.error());
  }
  return std::move(replies->front());
}

Result<std::vector<RedisReply>> RedisClient::ask(std::vector<RedisCommand> commands) {
  return perform(std::move(commands), nullptr, Confirm::kNo);
}

Result<void> RedisClient::look() {
  Result<RedisPool::Lease> lease = pool_.acquire(RedisPool::Patience::kFailFast);
  if (!lease) {
    return fail(lease.error());
  }
  Result<void> good = pool_.check(*lease);
  if (!good) {
    lease->failed(good.error());
    return good;
  }
  const std::optional<RedisCommand> confirmation = this->confirmation(lease->server());
  if (!confirmation) {
    return {};
  }
  const Result<std::vector<RedisReply>> replies =
      lease->connection().exchange({&*confirmation, 1}, std::chrono::steady_clock::now() + url_.timeout);
  if (!replies) {
    lease->failed(replies.error());
    return fail(replies.error());
  }
  return confirmed(lease->server(), *replies->front());
}

}  // namespace disposable
