// Goal: the events of many nodes reach one audit log in commit order, or each exactly one of several, whichever node
// dies and whatever a server that took over has forgotten.

#include <doctest/doctest.h>

#include <poll.h>

#include "contract/harness.h"

namespace disposable {
namespace {

using Sharing = RedisStore::Sharing;
using Numbers = std::vector<std::uint64_t>;

// Nodes of one store.
struct Nodes {
  explicit Nodes(Sharing sharing, std::chrono::milliseconds stale_after = std::chrono::hours{1}) {
    for (RedisHarness* const node : {&a, &b}) {
      node->sharing = sharing;
      node->stale_after = stale_after;
      node->consumer = node == &a ? "a" : "b";
      node->url = shared_redis().unix_url(a.prefix);
      node->reopen();
    }
  }
  void add(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t number = first; number <= last; ++number) {
      const Event event = test_event(number);
      REQUIRE((number % 2 == 0 ? a : b).store().insert(test_id(number), test_entry("r", 1), {}, {&event, 1}));
    }
  }

  RedisHarness a;
  RedisHarness b;
};

std::vector<OutboxEntry> pending(RedisHarness& node, std::size_t limit = 1000) {
  auto entries = node.outbox().pending(0, limit);
  REQUIRE_MESSAGE(entries.has_value(), entries.error().detail);
  return std::move(*entries);
}

Numbers numbers(const std::vector<OutboxEntry>& entries) {
  Numbers found;
  for (const OutboxEntry& entry : entries) {
    found.push_back(static_cast<std::uint64_t>(entry.event.at.time_since_epoch().count()));
  }
  return found;
}

void acknowledge(RedisHarness& node, const OutboxEntry& last) {
  const auto done = node.outbox().acknowledge(last);
  REQUIRE_MESSAGE(done.has_value(), done.error().detail);
}

TEST_CASE("a log in each node: what was shown to a node and carried away by others does not hold up what comes") {
  Nodes nodes(Sharing::kOwn);
  nodes.add(1, 3);
  CHECK(numbers(pending(nodes.a)) == Numbers{1, 2, 3});
  nodes.add(4, 4);
  acknowledge(nodes.b, pending(nodes.b).back());
  nodes.b.sharing = Sharing::kShared;
  nodes.b.reopen();
  acknowledge(nodes.b, pending(nodes.b).back());
  nodes.add(5, 6);
  CHECK(numbers(pending(nodes.a)) == Numbers{5, 6});
}

TEST_CASE("one log: while a node has events that it has not acknowledged, no other node is shown any") {
  Nodes nodes(Sharing::kShared);
  nodes.add(1, 6);
  const auto shown = pending(nodes.a, 4);
  CHECK(numbers(shown) == Numbers{1, 2, 3, 4});
  CHECK(pending(nodes.b).empty());
  CHECK(numbers(pending(nodes.a, 3)) == Numbers{1, 2, 3});  // its own again
  acknowledge(nodes.a, shown[1]);
  CHECK(pending(nodes.b).empty());
  acknowledge(nodes.a, shown[3]);
  CHECK(numbers(pending(nodes.b)) == Numbers{5, 6});
  CHECK(pending(nodes.a).empty());
  CHECK(nodes.b.outbox().last_acknowledged()->value() == test_event(4).id);
}

TEST_CASE(
    "one log: what a node does not acknowledge in time is shown to another, and that node's word counts no more") {
  Nodes nodes(Sharing::kShared, std::chrono::milliseconds{50});
  nodes.add(1, 3);
  const auto shown = pending(nodes.a);
  REQUIRE(shown.size() == 3);
  std::vector<OutboxEntry> taken;
  while (taken.empty()) {
    ::poll(nullptr, 0, 5);
    taken = pending(nodes.b);
  }
  CHECK(numbers(taken) == Numbers{1, 2, 3});
  acknowledge(nodes.a, shown[2]);
  CHECK(numbers(pending(nodes.b)) == Numbers{1, 2, 3});
  acknowledge(nodes.b, taken[2]);
  CHECK(shared_redis().say({"XLEN", '{' + nodes.a.prefix + "}:outbox"}) == "0");
}

TEST_CASE("own logs: every event is shown to one node only, however long that takes, and to that node again") {
  Nodes nodes(Sharing::kOwn, std::chrono::milliseconds{1});
  nodes.add(1, 6);
  const auto first = pending(nodes.a, 2);
  const auto second = pending(nodes.b, 2);
  CHECK(numbers(first) == Numbers{1, 2});
  CHECK(numbers(second) == Numbers{3, 4});
  ::poll(nullptr, 0, 5);
  CHECK(numbers(pending(nodes.a)) == Numbers{1, 2});  // no more before these are dealt with: others came between
  CHECK(numbers(pending(nodes.b)) == Numbers{3, 4, 5, 6});
  acknowledge(nodes.b, second[0]);
  CHECK(numbers(pending(nodes.b)) == Numbers{4, 5, 6});
  nodes.a.reopen();
  CHECK(numbers(pending(nodes.a)) == Numbers{1, 2});
  acknowledge(nodes.a, first[1]);
  nodes.add(7, 7);
  CHECK(numbers(pending(nodes.a)) == Numbers{7});
  CHECK(nodes.a.outbox().last_acknowledged()->value() == test_event(2).id);
  CHECK(nodes.b.outbox().last_acknowledged()->value() == test_event(3).id);
}

TEST_CASE("own logs: a node may not acknowledge what was shown to another") {
  Nodes nodes(Sharing::kOwn);
  nodes.add(1, 4);
  const auto first = pending(nodes.a, 2);
  const auto second = pending(nodes.b, 2);
  acknowledge(nodes.a, second[1]);
  acknowledge(nodes.b, first[1]);
  CHECK(numbers(pending(nodes.a)) == Numbers{1, 2});
  CHECK(numbers(pending(nodes.b)) == Numbers{3, 4});
}

TEST_CASE(
    "own logs: a node's events that were many at once are all forgotten, and nothing of its name but the last id") {
  Nodes nodes(Sharing::kOwn);
  nodes.add(1, 1);
  const auto first = pending(nodes.b);
  nodes.add(2, 1300);
  const auto many = pending(nodes.b, 2000);
  REQUIRE(many.size() == 1300);
  acknowledge(nodes.b, many.back());
  CHECK(shared_redis().say({"XLEN", '{' + nodes.a.prefix + "}:outbox"}) == "0");
  CHECK(shared_redis().say({"HEXISTS", '{' + nodes.a.prefix + "}:meta", "shown:b"}) == "0");
}

// A server that takes over may lack the latest events, and gives their positions to others.
TEST_CASE("a server that took over and used a position again loses no event to an acknowledgement of before") {
  for (const Sharing sharing : {Sharing::kShared, Sharing::kOwn}) {
    CAPTURE(static_cast<int>(sharing));
    RedisProcess before;
    RedisHarness node(before, before.unix_url("p"));
    node.sharing = sharing;
    node.reopen();
    const auto add = [](RedisHarness& to, std::uint64_t number) {
      const Event event = test_event(number);
      REQUIRE(to.store().insert(test_id(number), test_entry("r", 1), {}, {&event, 1}).has_value());
    };
    add(node, 1);
    REQUIRE(pending(node).size() == 1);
    RedisProcess after({"--replicaof", "127.0.0.1 " + std::to_string(before.port())});
    while (after.say({"XLEN", "{p}:outbox"}) != "1") {
      ::poll(nullptr, 0, 10);
    }
    after.say({"REPLICAOF", "NO", "ONE"});
    add(node, 2);
    add(node, 3);
    const auto shown = pending(node);
    CHECK(numbers(shown) == Numbers{1, 2, 3});

    node.url = after.unix_url("p");
    node.reopen();
    add(node, 4);
    add(node, 3);  // the same event at the same position, behind another one
    acknowledge(node, shown[1]);
    acknowledge(node, shown[2]);
    const auto left = pending(node);
    CHECK(numbers(left) == Numbers{1, 4, 3});
    acknowledge(node, left.back());
    CHECK(pending(node).empty());
  }
}

}  // namespace
}  // namespace disposable
