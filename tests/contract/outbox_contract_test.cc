// Goal: every sentence of Outbox in core/store.h, for every backend.

#include <doctest/doctest.h>

#include <thread>

#include "contract/harness.h"

namespace disposable {
namespace {

void add_events(auto& harness, std::uint64_t first, std::uint64_t last) {
  Ticket ticket;
  for (std::uint64_t number = first; number <= last; ++number) {
    const std::array<Event, 1> events{test_event(number)};
    const auto inserted = harness.store().insert(test_id(number), test_entry("r", 1), {}, events);
    REQUIRE(inserted.has_value());
    ticket = *inserted;
  }
  REQUIRE(ticket.wait().has_value());
}

std::vector<OutboxEntry> pending(auto& harness, std::uint64_t after = 0, std::size_t limit = 1000) {
  auto entries = harness.outbox().pending(after, limit);
  REQUIRE(entries.has_value());
  return std::move(*entries);
}

TEST_CASE_TEMPLATE("pending: events in commit order at strictly increasing positions", Harness, EVERY_STORE) {
  Harness harness;
  CHECK(pending(harness).empty());
  add_events(harness, 1, 20);
  const auto entries = pending(harness);
  REQUIRE(entries.size() == 20);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    CHECK(entries[i].event == test_event(i + 1));
    CHECK((i == 0 || entries[i].position > entries[i - 1].position));
  }
}

TEST_CASE_TEMPLATE("pending: the first `limit` after a position", Harness, EVERY_STORE) {
  Harness harness;
  add_events(harness, 1, 10);
  const auto entries = pending(harness);
  const auto some = pending(harness, entries[3].position, 4);
  REQUIRE(some.size() == 4);
  CHECK(some.front().event == test_event(5));
  CHECK(some.back().event == test_event(8));
  CHECK(pending(harness, entries.back().position).empty());
  CHECK(pending(harness, 0, 0).empty());
}

TEST_CASE_TEMPLATE("acknowledge: everything up to and with `last` is forgotten, and its event id remembered", Harness,
                   EVERY_STORE) {
  Harness harness;
  REQUIRE(harness.outbox().last_acknowledged().has_value());
  CHECK_FALSE(harness.outbox().last_acknowledged()->has_value());
  add_events(harness, 1, 10);
  const auto entries = pending(harness);
  REQUIRE(harness.outbox().acknowledge(entries[6]).has_value());
  const auto rest = pending(harness);
  REQUIRE(rest.size() == 3);
  CHECK(rest.front().event == test_event(8));
  CHECK(harness.outbox().last_acknowledged()->value() == test_event(7).id);
}

TEST_CASE_TEMPLATE("acknowledge: a second time, or of an earlier event, changes nothing", Harness, EVERY_STORE) {
  Harness harness;
  add_events(harness, 1, 5);
  const auto entries = pending(harness);
  REQUIRE(harness.outbox().acknowledge(entries[3]).has_value());
  REQUIRE(harness.outbox().acknowledge(entries[3]).has_value());
  REQUIRE(harness.outbox().acknowledge(entries[0]).has_value());
  CHECK(pending(harness).size() == 1);
  CHECK(harness.outbox().last_acknowledged()->value() == test_event(4).id);
}

TEST_CASE_TEMPLATE("acknowledge: an event that was never shown is kInvalidArgument", Harness, EVERY_STORE) {
  Harness harness;
  add_events(harness, 1, 2);
  const auto refused = harness.outbox().acknowledge({pending(harness).back().position + 1, test_event(3)});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::kInvalidArgument);
  CHECK(pending(harness).size() == 2);
}

TEST_CASE_TEMPLATE("pending: positions go on where they were after everything was acknowledged", Harness, EVERY_STORE) {
  Harness harness;
  add_events(harness, 1, 3);
  const OutboxEntry last = pending(harness).back();
  REQUIRE(harness.outbox().acknowledge(last).has_value());
  CHECK(pending(harness).empty());
  add_events(harness, 4, 4);
  const auto entries = pending(harness);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].position > last.position);
}

TEST_CASE_TEMPLATE("wait_pending: returns after the timeout when nothing happens, and at once when events wait",
                   Harness, EVERY_STORE) {
  Harness harness;
  harness.outbox().wait_pending(std::chrono::milliseconds{1});
  add_events(harness, 1, 1);
  // Would outlast the test's patience if it waited.
  harness.outbox().wait_pending(std::chrono::hours{1});
  CHECK(pending(harness).size() == 1);
}

TEST_CASE_TEMPLATE("wait_pending: an event that comes from another thread ends the wait", Harness, EVERY_STORE) {
  Harness harness;
  const std::jthread writer([&harness] { add_events(harness, 1, 1); });
  while (pending(harness).empty()) {
    harness.outbox().wait_pending(std::chrono::hours{1});
  }
  CHECK(pending(harness).front().event == test_event(1));
}

}  // namespace
}  // namespace disposable
