// Goal: every sentence of SecretStore in core/store.h, for every backend.
// Method: each test makes a new store, acts, and looks at all that the interface shows.

#include <doctest/doctest.h>

#include "contract/harness.h"

namespace disposable {
namespace {

Errc code_of(const auto& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

void must(const Result<Ticket>& ticket) {
  REQUIRE_MESSAGE(ticket.has_value(), ticket.error().detail);
  REQUIRE(ticket->wait().has_value());
}

// What the interface shows of one record and of everything around it.
struct Shown {
  std::string record;
  std::uint64_t version = 0;
  std::string payload;
  std::vector<std::pair<StoreId, WallTime>> schedule;
  std::vector<Event> events;
  bool operator==(const Shown&) const = default;
};

Shown show(auto& harness, const StoreId& id) {
  Shown shown;
  const auto loaded = harness.store().load(id);
  if (loaded) {
    shown.record = as_text(loaded->record);
    shown.version = loaded->version;
  } else {
    CHECK(loaded.error().code == Errc::kNotFound);
  }
  const auto payload = harness.store().load_payload(id);
  if (payload) {
    shown.payload = as_text(*payload);
  } else {
    CHECK(payload.error().code == Errc::kNotFound);
  }
  const auto due = harness.store().due(at(1'000'000), 1000);
  REQUIRE(due.has_value());
  for (const DueEntry& entry : *due) {
    shown.schedule.emplace_back(entry.id, entry.due);
  }
  const auto pending = harness.outbox().pending(0, 1000);
  REQUIRE(pending.has_value());
  for (const OutboxEntry& entry : *pending) {
    shown.events.push_back(entry.event);
  }
  return shown;
}

std::vector<Event> events(std::initializer_list<std::uint64_t> numbers) {
  std::vector<Event> made;
  for (const std::uint64_t number : numbers) {
    made.push_back(test_event(number));
  }
  return made;
}

TEST_CASE_TEMPLATE("insert: the record is at version 1, with its payload, due time and events", Harness, EVERY_STORE) {
  Harness harness;
  must(harness.store().insert(test_id(1), test_entry("record", 500), test_bytes("payload"), events({1, 2})));
  CHECK(show(harness, test_id(1)) == Shown{"record", 1, "payload", {{test_id(1), at(500)}}, events({1, 2})});
  CHECK(harness.store().ready().has_value());
}

TEST_CASE_TEMPLATE("insert: an empty payload is a payload, and no events are fine", Harness, EVERY_STORE) {
  Harness harness;
  must(harness.store().insert(test_id(1), test_entry("", 500), {}, {}));
  REQUIRE(harness.store().load_payload(test_id(1)).has_value());
  CHECK(show(harness, test_id(1)) == Shown{"", 1, "", {{test_id(1), at(500)}}, {}});
}

TEST_CASE_TEMPLATE("insert: a taken id is kAlreadyExists and nothing has happened", Harness, EVERY_STORE) {
  Harness harness;
  must(harness.store().insert(test_id(1), test_entry("first", 500), test_bytes("payload"), events({1})));
  const Shown before = show(harness, test_id(1));
  CHECK(code_of(harness.store().insert(test_id(1), test_entry("second", 100), test_bytes("other"), events({2}))) ==
        Errc::kAlreadyExists);
  CHECK(show(harness, test_id(1)) == before);
}

TEST_CASE_TEMPLATE("insert: a full outbox refuses creates first, then changes with events, and nothing has happened",
                   Harness, EVERY_STORE) {
  Harness harness(OutboxLimits{.creates_max = 2, .changes_max = 3});
  must(harness.store().insert(test_id(1), test_entry("a", 500), test_bytes("p"), events({1, 2})));
  CHECK(harness.store().takes_changes().has_value());
  const Shown absent = show(harness, test_id(2));
  CHECK(code_of(harness.store().insert(test_id(2), test_entry("b", 400), test_bytes("q"), events({3}))) ==
        Errc::kUnavailable);
  CHECK(show(harness, test_id(2)) == absent);

  must(harness.store().replace(test_id(1), 1, test_entry("a2", 600), Payload::kKeep, events({4})));
  const Shown before = show(harness, test_id(1));
  CHECK(harness.store().takes_changes().error().code == Errc::kUnavailable);
  CHECK(code_of(harness.store().replace(test_id(1), 2, test_entry("a3", 700), Payload::kDrop, events({5}))) ==
        Errc::kUnavailable);
  CHECK(show(harness, test_id(1)) == before);

  must(harness.store().replace(test_id(1), 2, test_entry("quiet", 600), Payload::kKeep, {}));
  must(harness.store().purge(test_id(1), 3));

  const auto pending = harness.outbox().pending(0, 10);
  REQUIRE(pending.has_value());
  REQUIRE(harness.outbox().acknowledge(pending->back()).has_value());
  CHECK(harness.store().takes_changes().has_value());
  must(harness.store().insert(test_id(2), test_entry("b", 400), test_bytes("q"), events({6})));
}

TEST_CASE_TEMPLATE("load and load_payload: an unknown id is kNotFound", Harness, EVERY_STORE) {
  Harness harness;
  CHECK(code_of(harness.store().load(test_id(9))) == Errc::kNotFound);
  CHECK(code_of(harness.store().load_payload(test_id(9))) == Errc::kNotFound);
}

TEST_CASE_TEMPLATE("load: the ticket is that of the change that was read", Harness, EVERY_STORE) {
  Harness harness;
  REQUIRE(harness.store().insert(test_id(1), test_entry("record", 500), {}, {}).has_value());
  const auto undurable = harness.store().load(test_id(1));
  REQUIRE(undurable.has_value());
  REQUIRE(undurable->ticket.wait().has_value());
  const auto durable = harness.store().load(test_id(1));
  REQUIRE(durable.has_value());
  CHECK(durable->ticket.sequence() == 0);
}

TEST_CASE_TEMPLATE("replace: the record is one version on, at its new due time, and the payload is kept", Harness,
                   EVERY_STORE) {
  Harness harness;
  must(harness.store().insert(test_id(1), test_entry("first", 500), test_bytes("payload"), events({1})));
  must(harness.store().replace(test_id(1), 1, test_entry("second", 300), Payload::kKeep, events({2, 3})));
  CHECK(show(harness, test_id(1)) == Shown{"second", 2, "payload", {{test_id(1), at(300)}}, events({1, 2, 3})});
  must(harness.store().replace(test_id(1), 2, test_entry("third", 300), Payload::kKeep, {}));
  CHECK(show(harness, test_id(1)) == Shown{"third", 3, "payload", {{test_id(1), at(300)}}, events({1, 2, 3})});
}

TEST_CASE_TEMPLATE("replace: a dropped payload is kNotFound and stays so; the record goes on", Harness, EVERY_STORE) {
  Harness harness;
  must(harness.store().insert(test_id(1), test_entry("first", 500), test_bytes("payload"), {}));
  must(harness.store().replace(test_id(1), 1, test_entry("second", 500), Payload::kDrop, {}));
  CHECK(code_of(harness.store().load_payload(test_id(1))) == Errc::kNotFound);
  must(harness.store().replace(test_id(1), 2, test_entry("third", 500), Payload::kKeep, {}));
  CHECK(code_of(harness.store().load_payload(test_id(1))) == Errc::kNotFound);
  must(harness.store().replace(test_id(1), 3, test_entry("fourth", 500), Payload::kDrop, {}));
  CHECK(show(harness, test_id(1)) == Shown{"fourth", 4, "", {{test_id(1), at(500)}}, {}});
}

TEST_CASE_TEMPLATE("replace and purge: another version, or no record, is kConflict and nothing has happened", Harness,
                   EVERY_STORE) {
  Harness harness;
  must(harness.store().insert(test_id(1), test_entry("first", 500), test_bytes("payload"), events({1})));
  must(harness.store().replace(test_id(1), 1, test_entry("second", 500), Payload::kKeep, events({2})));
  const Shown before = show(harness, test_id(1));
  for (const std::uint64_t version : std::initializer_list<std::uint64_t>{0, 1, 3}) {
    CAPTURE(version);
    CHECK(code_of(harness.store().replace(test_id(1), version, test_entry("lost", 1), Payload::kDrop, events({3}))) ==
          Errc::kConflict);
    CHECK(code_of(harness.store().purge(test_id(1), version)) == Errc::kConflict);
  }
  CHECK(code_of(harness.store().replace(test_id(2), 0, test_entry("lost", 1), Payload::kKeep, events({4}))) ==
        Errc::kConflict);
  CHECK(code_of(harness.store().purge(test_id(2), 0)) == Errc::kConflict);
  CHECK(show(harness, test_id(1)) == before);
}

TEST_CASE_TEMPLATE("purge: the record, its payload and its due time are gone, and its events stay", Harness,
                   EVERY_STORE) {
  Harness harness;
  must(harness.store().insert(test_id(1), test_entry("first", 500), test_bytes("payload"), events({1})));
  must(harness.store().purge(test_id(1), 1));
  CHECK(show(harness, test_id(1)) == Shown{"", 0, "", {}, events({1})});
  CHECK(code_of(harness.store().purge(test_id(1), 1)) == Errc::kConflict);
}

TEST_CASE_TEMPLATE("insert: a purged id starts anew at version 1", Harness, EVERY_STORE) {
  Harness harness;
  must(harness.store().insert(test_id(1), test_entry("first", 500), test_bytes("payload"), {}));
  must(harness.store().replace(test_id(1), 1, test_entry("second", 500), Payload::kKeep, {}));
  // Undurable steps in a row end up in one batch.
  REQUIRE(harness.store().purge(test_id(1), 2).has_value());
  must(harness.store().insert(test_id(1), test_entry("again", 500), test_bytes("new"), {}));
  CHECK(show(harness, test_id(1)) == Shown{"again", 1, "new", {{test_id(1), at(500)}}, {}});
}

std::vector<std::int64_t> due_times(auto& harness, std::int64_t now, std::size_t limit) {
  const auto due = harness.store().due(at(now), limit);
  REQUIRE(due.has_value());
  std::vector<std::int64_t> times;
  for (const DueEntry& entry : *due) {
    times.push_back(entry.due.time_since_epoch().count());
  }
  return times;
}

TEST_CASE_TEMPLATE("due: entries with due <= now, earliest first, at most `limit`, again until they are dealt with",
                   Harness, EVERY_STORE) {
  using Times = std::vector<std::int64_t>;
  Harness harness;
  for (const std::int64_t due : {300, 100, 500, 200, 400}) {
    must(harness.store().insert(test_id(static_cast<std::uint64_t>(due)), test_entry("r", due), {}, {}));
  }
  CHECK(due_times(harness, 99, 10).empty());
  CHECK(due_times(harness, 100, 10) == Times{100});
  CHECK(due_times(harness, 400, 10) == Times{100, 200, 300, 400});
  CHECK(due_times(harness, 400, 2) == Times{100, 200});
  CHECK(due_times(harness, 400, 0).empty());
  CHECK(due_times(harness, 400, 2) == Times{100, 200});
  must(harness.store().purge(test_id(100), 1));
  must(harness.store().replace(test_id(200), 1, test_entry("r", 450), Payload::kKeep, {}));
  CHECK(due_times(harness, 400, 10) == Times{300, 400});
  CHECK(due_times(harness, 460, 10) == Times{300, 400, 450});
}

TEST_CASE_TEMPLATE("due: a change that becomes durable late is not missed", Harness, EVERY_STORE) {
  using Times = std::vector<std::int64_t>;
  Harness harness;
  CHECK(due_times(harness, 1000, 10).empty());
  // Written by somebody whose `now` was 900 and who was slow.
  must(harness.store().insert(test_id(1), test_entry("r", 900), {}, {}));
  CHECK(due_times(harness, 1000, 10) == Times{900});
  must(harness.store().replace(test_id(1), 1, test_entry("r", 5000), Payload::kKeep, {}));
  CHECK(due_times(harness, 2000, 10).empty());
  must(harness.store().replace(test_id(1), 2, test_entry("r", 1500), Payload::kKeep, {}));
  CHECK(due_times(harness, 2000, 10) == Times{1500});
}

TEST_CASE_TEMPLATE("due: times before the epoch sort before those after it", Harness, EVERY_STORE) {
  using Times = std::vector<std::int64_t>;
  Harness harness;
  for (const std::int64_t due : {1, -1, 0, -1000}) {
    must(harness.store().insert(test_id(static_cast<std::uint64_t>(due + 5000)), test_entry("r", due), {}, {}));
  }
  CHECK(due_times(harness, 10, 10) == Times{-1000, -1, 0, 1});
}

TEST_CASE_TEMPLATE("tickets: when one is durable, so are all before it", Harness, EVERY_STORE) {
  Harness harness;
  std::vector<Ticket> tickets;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const auto ticket = harness.store().insert(test_id(i), test_entry("r", 500), test_bytes("p"), events({i}));
    REQUIRE(ticket.has_value());
    CHECK((tickets.empty() || tickets.back().sequence() <= ticket->sequence()));
    tickets.push_back(*ticket);
  }
  REQUIRE(tickets.back().wait().has_value());
  const auto pending = harness.outbox().pending(0, 100);
  REQUIRE(pending.has_value());
  CHECK(pending->size() == 50);
  for (const Ticket& ticket : tickets) {
    CHECK(ticket.wait().has_value());
  }
}

}  // namespace
}  // namespace disposable
