// Goal: a walk over all records sees each of them, whatever else the store does, and never takes a part for the whole.

#include <doctest/doctest.h>

#include <set>

#include "contract/harness.h"

namespace disposable {
namespace {

// More than a page of any backend, and more than Redis keeps in one piece.
constexpr std::uint64_t kMany = 1200;

void must(const Result<Ticket>& ticket) {
  REQUIRE_MESSAGE(ticket.has_value(), ticket.error().detail);
  REQUIRE(ticket->wait().has_value());
}

void insert(SecretStore& store, std::uint64_t number) {
  must(store.insert(test_id(number), test_entry("r" + std::to_string(number), 1), Bytes(10, 1), {}));
}

TEST_CASE_TEMPLATE("survey: every record is visited, with what was changed last, and nothing that was purged", Harness,
                   OTHER_STORES) {
  Harness harness;
  std::set<std::string> seen;
  const auto see = [&seen](ByteView record) {
    seen.emplace(as_text(record));
    return Result<void>{};
  };
  REQUIRE(harness.served().visit_records(see).has_value());
  CHECK(seen.empty());
  std::set<std::string> expected;
  for (std::uint64_t number = 0; number < kMany; ++number) {
    insert(harness.store(), number);
    expected.insert("r" + std::to_string(number));
  }
  must(harness.store().replace(test_id(1), 1, test_entry("spent", 1), Payload::kDrop, {}));
  must(harness.store().purge(test_id(2), 1));
  expected.erase("r1");
  expected.erase("r2");
  expected.insert("spent");
  REQUIRE(harness.served().visit_records(see).has_value());
  CHECK(seen == expected);
}

TEST_CASE_TEMPLATE("survey: it ends with the first failure of the visitor", Harness, OTHER_STORES) {
  Harness harness;
  insert(harness.store(), 1);
  insert(harness.store(), 2);
  int visits = 0;
  const Result<void> visited = harness.served().visit_records([&visits](ByteView /*record*/) {
    ++visits;
    return Result<void>(fail(Errc::kCorrupt, "it does not decode"));
  });
  REQUIRE_FALSE(visited.has_value());
  CHECK(visited.error().code == Errc::kCorrupt);
  CHECK(visits == 1);
}

#ifdef DISPOSABLE_WITH_REDIS
TEST_CASE("survey: Redis that was started again meanwhile is an error, since its cursors are other ones") {
  RedisProcess server;
  RedisHarness harness(server, server.unix_url("disposable"));
  harness.reopen();
  for (std::uint64_t number = 0; number < kMany; ++number) {
    insert(harness.store(), number);
  }
  bool restarted = false;
  const Result<void> visited = harness.redis->visit_records([&](ByteView /*record*/) {
    if (!restarted) {
      restarted = true;
      server.kill();
      server.start();
    }
    return Result<void>{};
  });
  REQUIRE_FALSE(visited.has_value());
  CHECK(visited.error().code == Errc::kUnavailable);
}
#endif

}  // namespace
}  // namespace disposable
