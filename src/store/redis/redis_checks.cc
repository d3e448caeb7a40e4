#include "store/redis/redis_checks.h"

#include <algorithm>
#include <array>

#include "store/redis/redis_schema.h"

namespace disposable {

namespace {

constexpr std::pair<int, int> kOldest{6, 2};
constexpr std::pair<int, int> kFirstWithWaitaof{7, 2};

struct Setting {
  const char* name;
  std::string_view wanted;
  std::string_view otherwise;
};
constexpr std::array kSettings{
    Setting{"appendonly", "yes", "changes would not be on its disk"},
    Setting{"appendfsync", "always", "changes would be answered before they are on its disk"},
    Setting{"maxmemory-policy", "noeviction", "secrets would be thrown away when its memory is full"},
};

struct Explanation {
  std::string_view beginning;
  std::string_view advice;
};
constexpr std::array kExplanations{
    Explanation{"WRONGPASS", "the user or the password in the URL is wrong"},
    Explanation{"ERR invalid password", "the password in the URL is wrong"},
    Explanation{"NOAUTH", "it wants a password: give one in the URL, or password_file="},
    Explanation{"ERR AUTH", "it has no password, but the URL has one"},
    Explanation{"NOPERM", "grant the user this command (README, \"Redis\")"},
    Explanation{"DENIED", "it is in protected mode: give it a password, or bind it to this machine"},
    Explanation{"LOADING", "it is still reading its data"},
    Explanation{"MISCONF", "it cannot write to its disk"},
    Explanation{"OOM", "its memory is full (maxmemory)"},
    Explanation{"BUSY", "it is held up by a script"},
    Explanation{"READONLY", "it is a replica"},
    Explanation{"WRONGTYPE", "somebody else uses keys of this prefix"},
};

tl::unexpected<Error> refuse(Errc code, const RedisPlace& place, std::string_view why) {
  return fail(code, "Redis at " + to_text(place) + " " + std::string(why));
}

// "7.0.15" as 7 and 0; zeros for anything else.
std::pair<int, int> parse_version(std::string_view text) {
  const std::size_t dot = std::min(text.find('.'), text.size());
  const std::string_view rest = text.substr(std::min(dot + 1, text.size()));
  return {static_cast<int>(parse_redis_number(text.substr(0, dot)).value_or(0)),
          static_cast<int>(parse_redis_number(rest.substr(0, rest.find('.'))).value_or(0))};
}

Result<void> look_at_info(std::string_view info, const RedisPlace& place, RedisServer& server) {
  const std::string_view version_text = redis_info_field(info, "redis_version");
  const std::pair<int, int> version = parse_version(version_text);
  if (version < kOldest) {
    return refuse(Errc::kInvalidArgument, place,
                  version_text.empty() ? "does not say its version"
                                       : "has version " + std::string(version_text) + "; 6.2 or newer is needed");
  }
  server.has_waitaof = version >= kFirstWithWaitaof;
  if (redis_info_field(info, "role") != "master") {
    return refuse(Errc::kUnavailable, place,
                  "is a replica; name the primary, or let Sentinels name it: redis+sentinel://");
  }
  return {};
}

// What is wrong with a setting, or nothing.
std::string look_at_setting(const Setting& setting, const redisReply& reply) {
  const auto pair = reply_elements(reply);
  if (pair.size() != 2) {
    const std::string error = reply_error(reply);
    return "does not show its setting " + std::string(setting.name) +
           (error.empty() ? "" : " (" + error + "); allow it with ACL SETUSER <user> +config|get");
  }
  if (reply_text(*pair[1]) == setting.wanted) {
    return {};
  }
  return "has the setting " + std::string(setting.name) + " " + std::string(reply_text(*pair[1])) + ": " +
         std::string(setting.otherwise) + "; it must be '" + std::string(setting.wanted) + "'";
}

Result<void> look_at_settings(std::span<const RedisReply> replies, const RedisPlace& place, bool accept_data_loss,
                              RedisServer& server) {
  std::array<bool, kSettings.size()> good{};
  for (std::size_t i = 0; i < kSettings.size(); ++i) {
    const std::string wrong = look_at_setting(kSettings[i], *replies[i]);
    good[i] = wrong.empty();
    if (!good[i] && !accept_data_loss) {
      return refuse(Errc::kInvalidArgument, place, wrong);
    }
    if (!good[i]) {
      server.warnings.push_back("Redis at " + to_text(place) + " " + wrong);
    }
  }
  server.syncs_always = good[0] && good[1];
  return {};
}

Result<void> look_at_identity(const redisReply& reply, const RedisPlace& place, const RedisExpectations& expected,
                              bool must_exist) {
  if (expected.in_a_move) {
    return {};
  }
  const auto held = reply_elements(reply);
  if (held.size() != 2 || is_nil(*held[0])) {
    return must_exist ? Result<void>(refuse(Errc::kUnavailable, place,
                                            "holds no store any more: it was emptied, or an empty server took over"))
                      : Result<void>{};
  }
  return check_redis_identity(reply_text(*held[0]), reply_text(*held[1]), expected);
}

}  // namespace

std::string_view redis_info_field(std::string_view info, std::string_view name) {
  const std::string begin = "\n" + std::string(name) + ":";
  const std::size_t at = info.find(begin);
  if (at == info.npos) {
    return {};
  }
  info.remove_prefix(at + begin.size());
  return info.substr(0, info.find_first_of("\r\n"));
}

std::string explain_redis_error(const std::string& error) {
  std::string said = "says: " + error;
  while (said.ends_with('.')) {
    said.pop_back();
  }
  for (const Explanation& known : kExplanations) {
    if (error.starts_with(known.beginning)) {
      return said + "; " + std::string(known.advice);
    }
  }
  return said;
}

Result<void> check_redis_identity(std::string_view format, std::string_view check, const RedisExpectations& expected) {
  if (format == kRedisMovingFormat) {
    return fail(Errc::kInvalidArgument,
                "the Redis store is being moved, or was moved to another; 'migrate' ends a move");
  }
  if (format != kRedisFormat) {
    return fail(Errc::kInvalidArgument, "the Redis store was written by another version of this program");
  }
  if (check != expected.keyring_check) {
    return fail(
        Errc::kInvalidArgument,
        "the Redis store belongs to another keyring; give all nodes the same keyring, or this one another prefix=");
  }
  return {};
}

Result<RedisServer> check_redis(RedisConnection& connection, const RedisPlace& place, const RedisExpectations& expected,
                                bool must_exist) {
  std::vector<RedisCommand> commands = login_commands(expected.url.login);
  if (expected.url.database != 0) {
    commands.push_back({"SELECT", std::to_string(expected.url.database)});
  }
  const std::size_t first = commands.size();
  commands.push_back({"INFO"});
  for (const Setting& setting : kSettings) {
    commands.push_back({"CONFIG", "GET", setting.name});
  }
  commands.push_back({"HMGET", expected.meta_key, "format", "check"});
  const Result<std::vector<RedisReply>> replies =
      connection.exchange(commands, std::chrono::steady_clock::now() + expected.url.timeout);
  wipe_commands(commands);
  if (!replies) {
    return fail(replies.error());
  }
  RedisServer server;
  server.moved = parse_moved(reply_error(*replies->back()), place);
  if (server.moved) {
    return server;
  }
  for (std::size_t i = 0; i < replies->size(); ++i) {
    const std::string error = reply_error(*(*replies)[i]);
    const bool setting = i > first && i <= first + kSettings.size();
    if (!error.empty() && !setting) {
      return refuse(Errc::kUnavailable, place, explain_redis_error(error));
    }
  }
  Result<void> good = look_at_info("\n" + std::string(reply_text(*(*replies)[first])), place, server);
  if (good) {
    good = look_at_settings(std::span(*replies).subspan(first + 1, kSettings.size()), place, expected.accept_data_loss,
                            server);
  }
  if (good) {
    good = look_at_identity(*replies->back(), place, expected, must_exist);
  }
  if (!good) {
    return fail(good.error());
  }
  return server;
}

}  // namespace disposable
