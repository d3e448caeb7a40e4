#include "store/redis/redis_address.h"

#include <algorithm>

#include "crypto/private_file.h"
#include "store/redis/redis_schema.h"

namespace disposable {

namespace {

constexpr std::size_t kPasswordBytesMax = 4096;

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const Result<std::int64_t> port = parse_redis_number(text);
  return port && *port >= 1 && *port <= 65535 ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

Result<RedisReply> ask_sentinel(const RedisUrl& url, const RedisHost& sentinel, const char* what, const RedisTls* tls) {
  const Deadline deadline = std::chrono::steady_clock::now() + url.connect_timeout;
  const Result<std::unique_ptr<RedisConnection>> connection = RedisConnection::open({sentinel, {}}, tls, deadline);
  if (!connection) {
    return fail(connection.error());
  }
  std::vector<RedisCommand> commands = login_commands(url.sentinel_login);
  commands.push_back({"SENTINEL", what, url.primary_name});
  Result<std::vector<RedisReply>> replies = (*connection)->exchange(commands, deadline);
  wipe_commands(commands);
  if (!replies) {
    return fail(replies.error());
  }
  for (const RedisReply& reply : *replies) {
    if (const std::string error = reply_error(*reply); !error.empty()) {
      return fail(Errc::kUnavailable, "the Sentinel at " + to_text(sentinel) + " says: " + error);
    }
  }
  return std::move(replies->back());
}

Result<RedisPlace> ask_primary(const RedisUrl& url, const RedisHost& sentinel, const RedisTls* tls) {
  const Result<RedisReply> reply = ask_sentinel(url, sentinel, "GET-MASTER-ADDR-BY-NAME", tls);
  if (!reply) {
    return fail(reply.error());
  }
  const auto address = reply_elements(**reply);
  const std::optional<std::uint16_t> port = address.size() == 2 ? parse_port(reply_text(*address[1])) : std::nullopt;
  if (!port) {
    return fail(Errc::kUnavailable,
                "the Sentinel at " + to_text(sentinel) + " knows no primary of the name in the URL");
  }
  return RedisPlace{{std::string(reply_text(*address[0])), *port}, {}};
}

// Fields and values by turns.
Result<std::int64_t> ask_replicas(const RedisUrl& url, const RedisHost& sentinel, const RedisTls* tls) {
  const Result<RedisReply> reply = ask_sentinel(url, sentinel, "MASTER", tls);
  if (!reply) {
    return fail(reply.error());
  }
  const auto words = reply_elements(**reply);
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    if (reply_text(*words[i]) == "num-slaves") {
      return parse_redis_number(reply_text(*words[i + 1]));
    }
  }
  return fail(Errc::kUnavailable, "the Sentinel at " + to_text(sentinel) + " does not tell of replicas");
}

// The last one's failure is as good as any other's.
template <class Answer>
Result<Answer> ask_in_turn(const RedisUrl& url, const RedisTls* tls,
                           Result<Answer> (*ask)(const RedisUrl&, const RedisHost&, const RedisTls*)) {
  for (std::size_t next = 0;;) {
    Result<Answer> found = ask(url, url.hosts[next++], tls);
    if (found || next == url.hosts.size()) {
      return found;
    }
  }
}

}  // namespace

Result<RedisPlace> find_redis(const RedisUrl& url, const RedisTls* tls) {
  if (url.kind == RedisUrl::Kind::kUnix) {
    RedisPlace place;
    place.socket_path = url.socket_path;
    return place;
  }
  if (url.kind == RedisUrl::Kind::kTcp) {
    RedisPlace place;
    place.host = url.hosts.front();
    return place;
  }
  return ask_in_turn(url, tls, ask_primary);
}

Result<std::int64_t> count_redis_replicas(const RedisUrl& url) {
  if (url.kind != RedisUrl::Kind::kSentinel) {
    return 0;
  }
  std::shared_ptr<const RedisTls> tls;
  if (url.tls) {
    Result<std::shared_ptr<const RedisTls>> loaded = RedisTls::load(url);
    if (!loaded) {
      return fail(loaded.error());
    }
    tls = std::move(*loaded);
  }
  return ask_in_turn(url, tls.get(), ask_replicas);
}

std::optional<RedisPlace> parse_moved(std::string_view error, const RedisPlace& said_by) {
  constexpr std::string_view kMoved = "MOVED ";
  const std::size_t space = error.find(' ', kMoved.size());
  const std::size_t colon = error.rfind(':');
  if (!error.starts_with(kMoved) || space == error.npos || colon == error.npos || colon < space) {
    return std::nullopt;
  }
  const std::optional<std::uint16_t> port = parse_port(error.substr(colon + 1));
  const std::string_view name = error.substr(space + 1, colon - space - 1);
  if (!port) {
    return std::nullopt;
  }
  return RedisPlace{{name.empty() ? said_by.host.name : std::string(name), *port}, {}};
}

std::vector<RedisCommand> login_commands(const RedisLogin& login) {
  std::vector<RedisCommand> commands;
  if (!login.password.empty()) {
    RedisCommand& auth = commands.emplace_back(RedisCommand{"AUTH"});
    if (!login.user.empty()) {
      auth.push_back(login.user);
    }
    auth.emplace_back(as_text(login.password.expose()));
  }
  return commands;
}

void wipe_commands(std::vector<RedisCommand>& commands) {
  for (RedisCommand& command : commands) {
    for (std::string& word : command) {
      wipe({reinterpret_cast<std::uint8_t*>(word.data()), word.size()});
    }
  }
  commands.clear();
}

Result<void> read_redis_password(RedisUrl& url) {
  if (url.password_file.empty()) {
    return {};
  }
  const Result<SecretBytes> content =
      read_private_file(url.password_file, "the Redis password file", kPasswordBytesMax);
  if (!content) {
    return fail(content.error());
  }
  std::string_view password = as_text(content->expose());
  password = password.substr(0, std::min(password.find_first_of("\r\n"), password.size()));
  if (password.empty()) {
    return fail(Errc::kInvalidArgument, "the Redis password file " + url.password_file + " has no password in it");
  }
  url.login.password = SecretBytes::copy_of(as_bytes(password));
  return {};
}

std::string to_text(const RedisUrl& url) {
  std::string text = url.tls ? "rediss" : "redis";
  text += url.kind == RedisUrl::Kind::kUnix ? "+unix" : url.kind == RedisUrl::Kind::kSentinel ? "+sentinel" : "";
  text += "://" + url.socket_path;
  for (const RedisHost& host : url.hosts) {
    text += (text.ends_with('/') ? "" : ",") + to_text(host);
  }
  text += url.kind == RedisUrl::Kind::kSentinel ? '/' + url.primary_name : std::string{};
  return text + (url.kind == RedisUrl::Kind::kUnix ? "?db=" : "/") + std::to_string(url.database);
}

}  // namespace disposable
