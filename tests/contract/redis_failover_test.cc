// Goal: a server that is dead, frozen or replaced holds up few, is never mistaken for an empty one, and the store finds
// the one that took over.

#include <doctest/doctest.h>

#include <poll.h>
#include <fstream>
#include <thread>

#include "contract/harness.h"
#include "contract/redis_proxy.h"
#include "store/redis/redis_transfer.h"

namespace disposable {
namespace {

using std::chrono::milliseconds;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

milliseconds time_of(const auto& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
}

Result<Ticket> insert(RedisHarness& harness, std::uint64_t number) {
  return harness.store().insert(test_id(number), test_entry("r", 1), test_bytes("p"), {});
}

// Waits until it holds, for as long as a slow machine may need.
bool eventually(const auto& condition) {
  for (int i = 0; i < 300; ++i) {
    if (condition()) {
      return true;
    }
    ::poll(nullptr, 0, 100);
  }
  return false;
}

TEST_CASE("a frozen server holds up those who ask first, and nobody else") {
  RedisProcess redis;
  RedisHarness harness(redis, redis.unix_url("p") + "&timeout_ms=300");
  harness.reopen();
  REQUIRE(insert(harness, 1).has_value());
  redis.freeze();
  const auto first = harness.store().load(test_id(1));
  CHECK(first.error().code == Errc::kUnavailable);
  for (int i = 0; i < 20; ++i) {
    CHECK(harness.store().load(test_id(1)).error().code == Errc::kUnavailable);
  }
  const milliseconds took = time_of([&harness] {
    for (int i = 0; i < 500; ++i) {
      CHECK(harness.store().load(test_id(1)).error().code == Errc::kUnavailable);
    }
  });
  CHECK(took < milliseconds{1500});  // one attempt at most, for all of them
  CHECK(harness.store().ready().error().code == Errc::kUnavailable);
  redis.thaw();
  CHECK(eventually([&harness] { return harness.store().load(test_id(1)).has_value(); }));
  CHECK(eventually([&harness] { return harness.store().ready().has_value(); }));
}

TEST_CASE("a dead server is kUnavailable at once, and the store goes on with what is there when it is back") {
  RedisProcess redis;
  RedisHarness harness(redis, redis.unix_url("p"));
  harness.reopen();
  REQUIRE(insert(harness, 1).has_value());
  redis.kill();
  CHECK(time_of([&harness] {
          for (std::uint64_t number = 2; number < 200; ++number) {
            CHECK(insert(harness, number).error().code == Errc::kUnavailable);
          }
        }) < milliseconds{1500});
  CHECK(harness.store().load(test_id(1)).error().code == Errc::kUnavailable);
  CHECK(harness.store().due(at(10), 10).error().code == Errc::kUnavailable);
  CHECK(harness.outbox().pending(0, 10).error().code == Errc::kUnavailable);
  redis.start();
  CHECK(eventually([&harness] { return harness.store().ready().has_value(); }));
  CHECK(harness.store().load(test_id(1)).has_value());
}

TEST_CASE("an empty server at the same place is no store") {
  RedisHarness harness(shared_redis(), "");
  std::uint16_t port = 0;
  {
    RedisProcess redis;
    port = redis.port();
    harness.url = redis.tcp_url("p");
    harness.reopen();
    REQUIRE(insert(harness, 1).has_value());
  }
  RedisProcess empty({"--port", std::to_string(port)});
  CHECK(eventually([&harness] {
    const auto loaded = harness.store().load(test_id(1));
    return loaded.error().code == Errc::kUnavailable && has(loaded.error().detail, "holds no store any more");
  }));
  CHECK(has(insert(harness, 2).error().detail, "holds no store any more"));
}

TEST_CASE("connections: more callers than connections wait for their turn") {
  RedisHarness harness;
  harness.close();
  RedisStore::Options options = harness.options();
  options.connections = 2;
  auto opened = RedisStore::open(std::move(options));
  REQUIRE(opened.has_value());
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t thread = 0; thread < 16; ++thread) {
      threads.emplace_back([&, thread] {
        for (std::uint64_t i = 0; i < 20; ++i) {
          failures += (*opened)->insert(test_id(thread * 20 + i), test_entry("r", 1), {}, {}).has_value() ? 0 : 1;
        }
      });
    }
  }
  CHECK(failures == 0);
}

TEST_CASE("replicas: a change counts once as many have it as the URL demands") {
  RedisProcess primary;
  RedisProcess replica({"--replicaof", "127.0.0.1 " + std::to_string(primary.port())});
  RedisHarness harness(primary, primary.unix_url("p") + "&replicas=1&timeout_ms=1000");
  REQUIRE(eventually([&harness] { return harness.try_open().has_value(); }));
  harness.reopen();
  REQUIRE(insert(harness, 1).has_value());
  CHECK(replica.say({"EXISTS", "{p}:secret:" + to_hex(test_id(1).bytes)}) == "1");
  replica.freeze();
  const auto unconfirmed = insert(harness, 2);
  REQUIRE_FALSE(unconfirmed.has_value());
  CHECK(unconfirmed.error().code == Errc::kUnavailable);
  CHECK(has(unconfirmed.error().detail, "0 of 1 replicas"));
  replica.thaw();
  std::uint64_t number = 2;
  CHECK(eventually([&] { return insert(harness, ++number).has_value(); }));
}

// For a Sentinel that watches `primary` under the name "main".
SentinelConfiguration write_configuration(const TemporaryFolder& folder, const RedisProcess& primary) {
  const std::filesystem::path file = folder / "sentinel.conf";
  std::ofstream(file) << "sentinel monitor main 127.0.0.1 " << primary.port() << " 1\n"
                      << "sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n";
  return {file};
}

TEST_CASE("sentinel: the primary is found by name, and again after another has taken over") {
  RedisProcess first;
  RedisProcess second(
      {"--replicaof", "127.0.0.1 " + std::to_string(first.port()), "--replica-serve-stale-data", "yes"});
  const TemporaryFolder folder;
  const RedisProcess sentinel(write_configuration(folder, first));
  // The first Sentinel in the list is not there.
  RedisHarness harness(first, "redis+sentinel://127.0.0.1:" + std::to_string(free_port()) +
                                  ",127.0.0.1:" + std::to_string(sentinel.port()) + "/main?prefix=p");
  harness.reopen();
  REQUIRE(insert(harness, 1).has_value());
  REQUIRE(eventually([&sentinel] { return sentinel.say({"SENTINEL", "REPLICAS", "main"}).size() > 10; }));
  REQUIRE(eventually([&second] { return second.say({"EXISTS", "{p}:meta"}) == "1"; }));
  first.kill();
  std::uint64_t number = 1;
  CHECK(eventually([&] { return insert(harness, ++number).has_value(); }));
  CHECK(harness.store().load(test_id(1)).has_value());
  CHECK(second.say({"EXISTS", "{p}:secret:" + to_hex(test_id(number).bytes)}) == "1");

  RedisHarness other(first, "redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/other");
  CHECK(has(other.try_open().error().detail, "knows no primary of the name in the URL"));
}

Result<std::unique_ptr<RedisTransfer>> open_transfer(const std::string& url) {
  SystemRandom random;
  return RedisTransfer::open(parse_redis_url(url).value(), /*accept_data_loss=*/false, random);
}

TEST_CASE("a move: every replica that is connected must have each step, also when the URL asks for none") {
  const RedisProcess primary;
  const RedisProcess replica({"--replicaof", "127.0.0.1 " + std::to_string(primary.port())});
  REQUIRE(eventually([&] { return has(primary.say({"INFO", "replication"}), "state=online"); }));
  const auto target = open_transfer(primary.tcp_url("p") + "&timeout_ms=600");
  REQUIRE_MESSAGE(target.has_value(), target.error().detail);
  // A replica that has just come is slow to say what it has.
  REQUIRE(eventually([&target] { return (*target)->begin_arriving({1}, "m").has_value(); }));
  replica.freeze();
  const Result<void> put = (*target)->begin_arriving({1}, "m");
  replica.thaw();
  REQUIRE_FALSE(put.has_value());
  CHECK(has(put.error().detail, "0 of 1 replicas"));
}

TEST_CASE("a move: a replica that the Sentinels know, and that is not connected, is refused") {
  const RedisProcess primary;
  RedisProcess replica({"--replicaof", "127.0.0.1 " + std::to_string(primary.port())});
  const TemporaryFolder folder;
  const RedisProcess sentinel(write_configuration(folder, primary));
  const std::string url = "redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/main?prefix=p";
  REQUIRE(eventually([&sentinel] { return sentinel.say({"SENTINEL", "REPLICAS", "main"}).size() > 10; }));
  CHECK(eventually([&url] { return open_transfer(url).has_value(); }));
  replica.kill();
  REQUIRE(eventually([&] { return has(primary.say({"INFO", "replication"}), "connected_slaves:0"); }));
  const auto refused = open_transfer(url);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::kUnavailable);
  CHECK(has(refused.error().detail, "mend or reset it"));
}

TEST_CASE("cluster: the keys of a store are in one slot, and followed to the node that has it") {
  const std::string bus = std::to_string(free_port());  // without it: the port and 10000, which may be too much
  RedisProcess first({"--cluster-enabled", "yes", "--cluster-port", std::to_string(free_port())});
  RedisProcess second({"--cluster-enabled", "yes", "--cluster-port", bus});
  REQUIRE(first.say({"CLUSTER", "ADDSLOTSRANGE", "0", "8000"}) == "OK");
  REQUIRE(second.say({"CLUSTER", "ADDSLOTSRANGE", "8001", "16383"}) == "OK");
  REQUIRE(first.say({"CLUSTER", "MEET", "127.0.0.1", std::to_string(second.port()), bus}) == "OK");
  REQUIRE(eventually([&] {
    return has(first.say({"CLUSTER", "INFO"}), "cluster_state:ok") &&
           has(second.say({"CLUSTER", "INFO"}), "cluster_state:ok");
  }));
  for (const std::string prefix : {"a", "b", "c", "d"}) {
    CAPTURE(prefix);
    RedisHarness harness(first, first.tcp_url(prefix));
    harness.reopen();
    REQUIRE(insert(harness, 1).has_value());
    CHECK(harness.store().load(test_id(1)).has_value());
    CHECK(harness.store().due(at(10), 10)->size() == 1);
    CHECK(harness.store().ready().has_value());
  }
  CHECK(first.say({"DBSIZE"}) != "0");
  CHECK(second.say({"DBSIZE"}) != "0");
}

}  // namespace
}  // namespace disposable
