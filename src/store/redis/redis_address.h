// Where the server is: as the URL says it, or as a Sentinel knows it at this moment.

#pragma once

#include <optional>

#include "store/redis/redis_connection.h"

namespace disposable {

// Asks the Sentinels in turn until one knows the primary, each for at most the URL's connect_timeout. kUnavailable with
// what the last one said. `tls` is null without TLS.
Result<RedisPlace> find_redis(const RedisUrl& url, const RedisTls* tls);

// How many replicas the Sentinels know of the primary, also such as are down; 0 for a URL without Sentinels. Errors as
// of find_redis(), and of reading the files of the URL.
Result<std::int64_t> count_redis_replicas(const RedisUrl& url);

// "3999 127.0.0.1:6381", what follows MOVED: the place of the slot now. No host means the one that said so.
std::optional<RedisPlace> parse_moved(std::string_view error, const RedisPlace& said_by);

// AUTH for this login; nothing when it has no password. The caller wipes it.
std::vector<RedisCommand> login_commands(const RedisLogin& login);
void wipe_commands(std::vector<RedisCommand>& commands);

}  // namespace disposable
