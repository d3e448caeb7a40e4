// What a server must be before anything is entrusted to it: the primary, new enough, on disk before it answers, and
// never throwing data away. Looked at on every new connection, since another server may have taken over.
//
// The permissions a user needs (ACL SETUSER), where <prefix> is that of the URL:
//   ~{<prefix>}:* +@hash +@sortedset +@stream +del +exists +time +pexpireat +eval +evalsha +info +config|get +select
//   +wait +waitaof (where there is one)

#pragma once

#include "store/redis/redis_address.h"

namespace disposable {

// What matters of a server that passed. A value.
struct RedisServer {
  bool has_waitaof = false;             // Redis 7.2 or newer, Valkey
  bool syncs_always = false;            // appendonly yes and appendfsync always
  std::vector<std::string> warnings{};  // what would have been refused without accept_data_loss
  std::optional<RedisPlace> moved{};    // when it is not the one: where the keys of this store are in the Cluster
};

struct RedisExpectations {
  const RedisUrl& url;
  std::string meta_key;
  std::string keyring_check;  // 32 hexadecimal digits
  bool accept_data_loss = false;
  bool in_a_move = false;  // whose store it is, and whether it can be served from, is the caller's matter
};

// Logs in, chooses the database and looks. `must_exist`: the store has been there before. kInvalidArgument: settings
// are unsafe, or the store belongs to another keyring or version. kUnavailable: everything else; the detail is one line
// for the operator.
Result<RedisServer> check_redis(RedisConnection& connection, const RedisPlace& place, const RedisExpectations& expected,
                                bool must_exist);
// The same of `format` and `check` as they are stored.
Result<void> check_redis_identity(std::string_view format, std::string_view check, const RedisExpectations& expected);

// The value of "<name>:" in what INFO says; empty when it does not say it.
std::string_view redis_info_field(std::string_view info, std::string_view name);

// An error reply in words for the operator: what the server said, and what to do when that is known.
std::string explain_redis_error(const std::string& error);

}  // namespace disposable
