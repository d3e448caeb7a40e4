// RedisTls: how we speak TLS to Redis. TLS 1.2 or newer, and always with a check of the chain and of the name: hiredis
// checks no name, so the session is made here. Thread-safe; a session keeps what it needs.

#pragma once

#include <memory>
#include <string>

#include "store/redis/redis_url.h"

struct ssl_ctx_st;
struct ssl_st;

namespace disposable {

class RedisTls {
 public:
  // Reads the files that the URL names. kInvalidArgument, kNotFound or kCorrupt with a sentence that names the file.
  static Result<std::shared_ptr<const RedisTls>> load(const RedisUrl& url);

  struct FreeSession {
    void operator()(ssl_st* session) const;
  };
  using Session = std::unique_ptr<ssl_st, FreeSession>;
  // For a server that must be `name`, a DNS name or an address, unless the URL says servername=.
  Session session_for(const std::string& name) const;

  // Why the session failed, for the operator. Empties OpenSSL's queue of errors.
  static std::string failure_of(const ssl_st* session);
  // An error that somebody else left there would be taken for one of the next call.
  static void forget_errors();

 private:
  struct FreeContext {
    void operator()(ssl_ctx_st* context) const;
  };

  RedisTls() = default;

  std::unique_ptr<ssl_ctx_st, FreeContext> context_;
  std::string server_name_;
};

}  // namespace disposable
