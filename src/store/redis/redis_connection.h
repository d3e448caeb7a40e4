// RedisConnection: one connection to one server, on which commands go out together and are answered in order. One
// thread at a time.

#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "store/redis/redis_tls.h"

struct redisContext;
struct redisReply;

namespace disposable {

using Deadline = std::chrono::steady_clock::time_point;

// The words of one command, its arguments among them.
using RedisCommand = std::vector<std::string>;

struct FreeRedisReply {
  void operator()(redisReply* reply) const;
};
using RedisReply = std::unique_ptr<redisReply, FreeRedisReply>;

// The text of a string, status or error reply; empty for all else. Borrows the reply.
std::string_view reply_text(const redisReply& reply);
// The number of an integer reply; 0 for all else.
std::int64_t reply_number(const redisReply& reply);
bool is_nil(const redisReply& reply);
// The message of an error reply, empty when it is none: fit for a log, as servers sometimes repeat what they were sent.
std::string reply_error(const redisReply& reply);
// The elements of an array; empty for all else. Borrows the reply.
std::span<redisReply* const> reply_elements(const redisReply& reply);

// Where a server is. A value.
struct RedisPlace {
  RedisHost host{};           // when there is no socket_path
  std::string socket_path{};  // of a Unix socket

  bool operator==(const RedisPlace&) const = default;
};
std::string to_text(const RedisHost& host);
std::string to_text(const RedisPlace& place);

class RedisConnection {
 public:
  // Connects, and shakes hands when there is `tls`. kUnavailable with the reason. Resolving a name takes as long as the
  // system's resolver does.
  static Result<std::unique_ptr<RedisConnection>> open(const RedisPlace& place, const RedisTls* tls, Deadline deadline);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  // Sends all commands at once and waits for an answer to each. After an Error (kUnavailable) the connection is of no
  // use any more, and its end resets it: what has not reached the server yet does not, but for what already waits in
  // its buffers.
  Result<std::vector<RedisReply>> exchange(std::span<const RedisCommand> commands, Deadline deadline);
  // Whether the server may have seen any of what exchange() was given when it failed.
  bool sent() const { return sent_; }
  // True when it was closed by the other side, or says something unasked: it must not be used.
  bool stale() const;

 private:
  struct FreeContext {
    void operator()(redisContext* context) const;
  };
  using Context = std::unique_ptr<redisContext, FreeContext>;

  RedisConnection(Context context, const RedisPlace& place);
  Result<void> shake_hands(RedisTls::Session session, Deadline deadline);
  Result<RedisReply> receive(Deadline deadline);
  // Waits until the socket is ready; false when the deadline has passed.
  bool wait(bool to_write, Deadline deadline) const;
  tl::unexpected<Error> failure(std::string_view what);

  const std::string place_;
  Context context_;
  ssl_st* tls_ = nullptr;  // owned by the context
  bool sent_ = false;
  bool broken_ = false;
};

}  // namespace disposable
