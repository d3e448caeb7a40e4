// Goal: the Redis store serves only where nothing it has confirmed can get lost, says in one line why else, and leaves
// in Redis what its schema says.

#include <doctest/doctest.h>

#include <fstream>

#include <poll.h>

#include "contract/harness.h"
#include "support/metrics_parser.h"

namespace disposable {
namespace {

// "kCode detail", or "ok".
std::string opening(RedisHarness& harness) {
  auto opened = harness.try_open();
  if (opened) {
    harness.redis = std::move(*opened);
    return "ok";
  }
  CHECK(opened.error().detail.find('\n') == std::string::npos);
  return opened.error().detail;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("open: a server with unsafe settings is refused, or served with a warning when loss is accepted") {
  struct Row {
    std::vector<std::string> settings;
    std::string_view said;
  };
  for (const Row& row : {Row{{"--appendonly", "no"}, "has the setting appendonly no: "},
                         Row{{"--appendfsync", "everysec"}, "has the setting appendfsync everysec: "},
                         Row{{"--maxmemory-policy", "allkeys-lru"}, "has the setting maxmemory-policy allkeys-lru: "},
                         Row{{"--rename-command", "CONFIG", "nothing"}, "does not show its setting appendonly"}}) {
    CAPTURE(row.said);
    RedisProcess redis(row.settings);
    RedisHarness harness(redis, redis.tcp_url("p"));
    CHECK(has(opening(harness), row.said));
    CHECK(redis.say({"DBSIZE"}) == "0");
    harness.accept_data_loss = true;
    CHECK(opening(harness) == "ok");
    REQUIRE_FALSE(harness.warnings.empty());
    CHECK(has(harness.warnings[0], row.said));
    const std::size_t warned = harness.warnings.size();
    REQUIRE(harness.store().insert(test_id(1), test_entry("r", 1), {}, {}).has_value());
    redis.kill();
    redis.start();
    CHECK(harness.store().load(test_id(2)).error().code != Errc::kInternal);
    CHECK(harness.warnings.size() == warned);  // said once
  }
}

TEST_CASE(
    "open: a replica, an old store, foreign keys and other keyrings are refused, and nothing in them has changed") {
  RedisHarness harness;
  const std::string meta = '{' + harness.prefix + "}:meta";
  harness.close();
  harness.keyring = 2;
  CHECK(has(opening(harness), "belongs to another keyring"));
  harness.keyring = 1;
  CHECK(opening(harness) == "ok");
  harness.close();
  shared_redis().say({"HSET", meta, "format", "2"});
  CHECK(has(opening(harness), "written by another version"));
  shared_redis().say({"DEL", meta});
  shared_redis().say({"XADD", '{' + harness.prefix + "}:outbox", "1-0", "id", "x"});
  CHECK(has(opening(harness), "not what says whose they are"));
  shared_redis().say({"SET", meta, "text"});
  CHECK(has(opening(harness), "somebody else uses keys of this prefix"));

  RedisProcess replica({"--replicaof", "127.0.0.1 " + std::to_string(shared_redis().port())});
  RedisHarness at_replica(replica, replica.unix_url("p"));
  CHECK(has(opening(at_replica), "is a replica; name the primary"));
}

TEST_CASE("open: whom Redis does not let in learns why, without the password") {
  RedisProcess redis({"--requirepass", "right"});
  const auto say = [&redis](const std::string& login) {
    RedisHarness harness(redis, "redis://" + login + "127.0.0.1:" + std::to_string(redis.port()));
    return opening(harness);
  };
  CHECK(say(":right@") == "ok");
  CHECK(say("default:right@") == "ok");
  CHECK(has(say(""), "wants a password"));
  CHECK(has(say(":wrong@"), "the user or the password in the URL is wrong"));
  CHECK_FALSE(has(say(":wrong@"), "wrong:"));
  CHECK(has(say("nobody:right@"), "the user or the password"));

  const std::string file = redis.folder() / "password";
  std::ofstream(file) << "right\n";
  std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  RedisHarness from_file(redis, redis.tcp_url("p") + "&password_file=" + file);
  CHECK(opening(from_file) == "ok");
  from_file.url += "x";
  CHECK(has(opening(from_file), "the Redis password file"));

  RedisHarness to_open(shared_redis(), "redis://:needless@127.0.0.1:" + std::to_string(shared_redis().port()));
  CHECK(has(opening(to_open), "it has no password, but the URL has one"));
}

// As redis_checks.h lists them.
const std::vector<std::string> kPermissions{"~{p}:*",      "-@all", "+@hash",     "+@sortedset", "+@stream", "+del",
                                            "+exists",     "+time", "+pexpireat", "+eval",       "+evalsha", "+info",
                                            "+config|get", "+wait", "+waitaof",   "+select"};

TEST_CASE("open: a user with no more than the documented permissions can do everything; without one it is told which") {
  RedisProcess redis;
  std::vector<std::string> rule{"ACL", "SETUSER", "service", "on", ">secret"};
  for (const std::string& permission : kPermissions) {
    if (permission != "+waitaof" || redis.say({"COMMAND", "INFO", "waitaof"}).starts_with("waitaof")) {
      rule.push_back(permission);
    }
  }
  REQUIRE(redis.say(rule) == "OK");
  RedisHarness harness(redis, "redis://service:secret@127.0.0.1:" + std::to_string(redis.port()) + "?prefix=p");
  REQUIRE(opening(harness) == "ok");
  const Event event = test_event(1);
  REQUIRE(harness.store().insert(test_id(1), test_entry("r", 1), test_bytes("p"), {&event, 1}).has_value());
  REQUIRE(harness.store().load_payload(test_id(1)).has_value());
  REQUIRE(harness.store().replace(test_id(1), 1, test_entry("r", 1), Payload::kDrop, {&event, 1}).has_value());
  REQUIRE(harness.store().due(at(10), 10)->size() == 1);
  REQUIRE(harness.served().visit_records([](ByteView /*record*/) { return Result<void>{}; }).has_value());
  REQUIRE(harness.store().purge(test_id(1), 2).has_value());
  const auto pending = harness.outbox().pending(0, 10);
  REQUIRE(pending->size() == 2);
  REQUIRE(harness.outbox().acknowledge(pending->back()).has_value());
  REQUIRE(harness.outbox().last_acknowledged().has_value());
  CHECK(harness.totals() == StoreTotals{-2, 0});
  CHECK(harness.store().ready().has_value());

  struct Row {
    std::string permission;
    std::string_view said;
  };
  for (const Row& row : {Row{"-info", "'info'"}, Row{"-config|get", "+config|get"}, Row{"-evalsha", "'evalsha'"},
                         Row{"-hmget", "'hmget'"}}) {
    CAPTURE(row.permission);
    REQUIRE(redis.say({"ACL", "SETUSER", "service", row.permission}) == "OK");
    CHECK(has(opening(harness), row.said));
    REQUIRE(redis.say(rule) == "OK");
  }
}

TEST_CASE("open: what is no Redis, or is not there, is said so") {
  RedisProcess redis;
  RedisHarness harness(redis, "redis://127.0.0.1:" + std::to_string(free_port()));
  CHECK(has(opening(harness), "cannot reach Redis at 127.0.0.1:"));
  harness.url = "redis+unix://" + std::string(redis.folder() / "no.sock");
  CHECK(has(opening(harness), "cannot reach Redis at /"));
  harness.url = "redis://name.invalid:6379";
  CHECK(has(opening(harness), "cannot reach Redis at name.invalid:6379"));
  harness.url = redis.tcp_url("p") + "&replicas=1&timeout_ms=1000";
  const std::string lacking = opening(harness);
  CHECK_MESSAGE(has(lacking, "0 of 1 replicas"), lacking);
}

TEST_CASE("ready: settings that are changed while the store runs are noticed, and it recovers") {
  RedisProcess redis;
  RedisHarness harness(redis, redis.unix_url("p"));
  harness.reopen();
  REQUIRE(harness.store().ready().has_value());
  const auto await = [&harness](bool ready) {
    for (int i = 0; i < 100 && harness.store().ready().has_value() != ready; ++i) {
      ::poll(nullptr, 0, 100);
    }
    return harness.store().ready().has_value() == ready;
  };
  REQUIRE(redis.say({"CONFIG", "SET", "appendfsync", "everysec"}) == "OK");
  CHECK(await(false));
  CHECK(has(harness.store().ready().error().detail, "appendfsync everysec"));
  CHECK(harness.store().insert(test_id(1), test_entry("r", 1), {}, {}).error().code == Errc::kUnavailable);
  REQUIRE(redis.say({"CONFIG", "SET", "appendfsync", "always"}) == "OK");
  CHECK(await(true));
  CHECK(harness.store().insert(test_id(1), test_entry("r", 1), {}, {}).has_value());
}

TEST_CASE("a server that is emptied, or does not know the scripts any more") {
  RedisProcess redis;
  RedisHarness harness(redis, redis.unix_url("p"));
  harness.reopen();
  REQUIRE(harness.store().insert(test_id(1), test_entry("r", 1), {}, {}).has_value());
  redis.say({"SCRIPT", "FLUSH"});
  REQUIRE(harness.store().insert(test_id(2), test_entry("r", 1), {}, {}).has_value());
  redis.say({"FLUSHALL"});
  CHECK(has(harness.store().insert(test_id(3), test_entry("r", 1), {}, {}).error().detail, "holds no store any more"));
  // Not as if it had never been: the client would throw its link away.
  CHECK(harness.store().load(test_id(1)).error().code == Errc::kUnavailable);
  CHECK(harness.store().load_payload(test_id(1)).error().code == Errc::kUnavailable);
  CHECK(has(harness.store().ready().error().detail, "holds no store any more"));
}

TEST_CASE("open: nodes that do not agree on audit log and ledger do not serve one store") {
  RedisHarness harness;
  const auto open = [&harness](const char* agreed, bool create = true) {
    RedisStore::Options options = harness.options();
    options.agreed = agreed;
    options.create = create;
    return RedisStore::open(std::move(options));
  };
  REQUIRE(open("audit log shared").has_value());
  REQUIRE(open("audit log shared").has_value());
  const auto refused = open("audit log in each node");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::kInvalidArgument);
  CHECK(has(refused.error().detail, "run with 'audit log shared', this one with 'audit log in each node'"));
  // Who only looks is told, but says nothing, and may look at the store alone.
  CHECK_FALSE(open("audit log in each node", false).has_value());
  CHECK(open("", false).has_value());
  RedisHarness unsaid;
  RedisStore::Options options = unsaid.options();
  options.agreed = "audit log shared";
  options.create = false;
  REQUIRE(RedisStore::open(std::move(options)).has_value());
  options = unsaid.options();
  options.agreed = "audit log in each node";
  CHECK(RedisStore::open(std::move(options)).has_value());
}

TEST_CASE("a full memory refuses changes with a reason, and reads go on") {
  RedisProcess redis;
  RedisHarness harness(redis, redis.unix_url("p"));
  harness.reopen();
  REQUIRE(harness.store().insert(test_id(1), test_entry("r", 1), {}, {}).has_value());
  redis.say({"CONFIG", "SET", "maxmemory", "1"});
  const auto refused = harness.store().insert(test_id(2), test_entry("r", 1), {}, {});
  CHECK(has(refused.error().detail, "its memory is full"));
  CHECK(has(harness.store().takes_changes().error().detail, "its memory is full"));
  CHECK(harness.store().load(test_id(1)).has_value());
  redis.say({"CONFIG", "SET", "maxmemory", "0"});
  CHECK(harness.store().takes_changes().has_value());
  CHECK(harness.store().load(test_id(2)).error().code == Errc::kNotFound);
  CHECK(harness.store().insert(test_id(2), test_entry("r", 1), {}, {}).has_value());
}

TEST_CASE("schema: a record without payload gets a time to live that ends long after its due time") {
  RedisHarness harness;
  const std::string key = '{' + harness.prefix + "}:secret:" + to_hex(test_id(1).bytes);
  REQUIRE(harness.store().insert(test_id(1), test_entry("r", 5), test_bytes("p"), {}).has_value());
  CHECK(shared_redis().say({"TTL", key}) == "-1");
  REQUIRE(harness.store().replace(test_id(1), 1, test_entry("r", 5), Payload::kKeep, {}).has_value());
  CHECK(shared_redis().say({"TTL", key}) == "-1");
  REQUIRE(harness.store().replace(test_id(1), 2, test_entry("r", 5), Payload::kDrop, {}).has_value());
  const int left = std::stoi(shared_redis().say({"TTL", key}));
  CHECK(left > 86'000);
  CHECK(left <= 86'400);
  CHECK(harness.store().load(test_id(1)).has_value());
}

TEST_CASE("due: what Redis has expired by itself leaves the schedule") {
  RedisHarness harness;
  const std::string tag = '{' + harness.prefix + "}:";
  for (std::uint64_t number = 1; number <= 3; ++number) {
    REQUIRE(harness.store().insert(test_id(number), test_entry("r", 5), {}, {}).has_value());
  }
  shared_redis().say({"DEL", tag + "secret:" + to_hex(test_id(2).bytes)});
  CHECK(harness.store().due(at(10), 10)->size() == 2);
  CHECK(shared_redis().say({"ZCARD", tag + "due"}) == "2");
}

TEST_CASE("store metrics: the totals, the outbox and its age, and what Redis was asked") {
  RedisHarness harness;
  Event event = test_event(2000);
  event.action = Action::kCreated;
  REQUIRE(harness.store().insert(test_id(1), test_entry("r", 5), Bytes(10, 1), {&event, 1}).has_value());
  MetricsText text;
  harness.redis->write_metrics(text, at(4500));
  const ParsedMetrics metrics(text.take());
  CHECK(metrics.error() == "");
  const auto value = [&metrics](const std::string& name) { return metrics.value("disposable_secrets_" + name); };
  CHECK(value("live_secrets") == 1);
  CHECK(value("stored_payload_bytes") == 10);
  CHECK(value("outbox_events") == 1);
  CHECK(value("outbox_age_seconds") == doctest::Approx(2.5));
  CHECK(value("store_redis_exchange_seconds_count") >= 3);
  CHECK(value("store_redis_commands_total") >= 5);
  CHECK(value("store_redis_failures_total") == 0);
  CHECK(value("store_redis_reruns_total") == 0);
  CHECK(value("store_redis_connections_total") == 1);
}

}  // namespace
}  // namespace disposable
