// Goal: every state and every boundary of time, as a table.

#include "core/lifecycle.h"

#include <doctest/doctest.h>

namespace disposable {

using namespace std::chrono_literals;

namespace {

constexpr WallTime kCreated{1'000'000s};

Record live_record(std::chrono::seconds ttl) {
  Record record;
  record.has_payload = true;
  record.created_at = kCreated;
  record.expires_at = kCreated + ttl;
  record.wrapped_key = {1};
  record.verifier = {2};
  return record;
}

Record in_state(State state, std::chrono::seconds ttl, bool has_payload = true) {
  Record record = live_record(ttl);
  record.state = state;
  record.has_payload = has_payload;
  record.wrapped_key.clear();
  record.verifier.clear();
  return record;
}

const Origin kOrigin{"192.0.2.1", {}, {}};

}  // namespace

TEST_CASE("standing: what a caller is told, by state and time") {
  struct Row {
    const char* name;
    Record record;
    std::chrono::milliseconds age;
    Standing expected;
  };
  const Row rows[] = {
      {"live, new", live_record(600s), 0s, Standing::kLive},
      {"live, last millisecond", live_record(600s), 599'999ms, Standing::kLive},
      {"live, at its expiry", live_record(600s), 600s, Standing::kOverdue},
      {"short TTL is unreadable at its TTL", live_record(1s), 1s, Standing::kOverdue},
      {"retrieved", in_state(State::kRetrieved, 600s), 1s, Standing::kSpent},
      {"retrieved, until its expiry", in_state(State::kRetrieved, 600s), 599'999ms, Standing::kSpent},
      {"retrieved, past its expiry", in_state(State::kRetrieved, 600s), 600s, Standing::kAbsent},
      {"deleted, short TTL: 410 for the retention", in_state(State::kDeleted, 1s), 299'999ms, Standing::kSpent},
      {"deleted, short TTL, retention over", in_state(State::kDeleted, 1s), 300s, Standing::kAbsent},
      {"expired", in_state(State::kExpired, 1s), 2s, Standing::kAbsent},
      {"expired stays so when the clock is set back", in_state(State::kExpired, 600s), 0s, Standing::kAbsent},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(standing(row.record, kCreated + row.age) == row.expected);
  }
}

TEST_CASE("sweep: what is due and when it is due next") {
  struct Row {
    const char* name;
    Record record;
    std::chrono::seconds age;
    SweepStep step;
    std::chrono::seconds due;  // after creation
  };
  const Row rows[] = {
      {"live", live_record(600s), 599s, SweepStep::kNothing, 600s},
      {"live, overdue", live_record(600s), 600s, SweepStep::kExpire, 600s},
      {"live, overdue for long", live_record(600s), 900s, SweepStep::kExpire, 900s},
      {"retrieved, ciphertext in retention", in_state(State::kRetrieved, 600s), 299s, SweepStep::kNothing, 300s},
      {"retrieved, retention over", in_state(State::kRetrieved, 600s), 300s, SweepStep::kDropPayload, 300s},
      {"retrieved, tombstone", in_state(State::kRetrieved, 600s, false), 300s, SweepStep::kNothing, 600s},
      {"retrieved, tombstone over", in_state(State::kRetrieved, 600s, false), 600s, SweepStep::kPurge, 600s},
      {"expired early, kept for the retention", in_state(State::kExpired, 10s), 299s, SweepStep::kNothing, 300s},
      {"expired early, retention over", in_state(State::kExpired, 10s), 300s, SweepStep::kPurge, 300s},
      {"expired late", in_state(State::kExpired, 600s, false), 600s, SweepStep::kPurge, 600s},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(sweep_step(row.record, kCreated + row.age) == row.step);
    CHECK(due_at(row.record, kCreated + row.age) == kCreated + row.due);
  }
}

TEST_CASE("retention: at least 300 s after creation, and at least until expiry") {
  CHECK(retain_until(live_record(1s)) == kCreated + 300s);
  CHECK(retain_until(live_record(300s)) == kCreated + 300s);
  CHECK(retain_until(live_record(301s)) == kCreated + 301s);
}

TEST_CASE("spending: destroys the wrapped key and the verifier, keeps the ciphertext for the retention") {
  const Record record = live_record(600s);
  struct Row {
    Transition transition;
    State state;
    Action action;
    const char* address;
  };
  const WallTime now = kCreated + 10s;
  const Row rows[] = {
      {mark_retrieved(record, now, kOrigin), State::kRetrieved, Action::kRetrieved, "192.0.2.1"},
      {mark_deleted(record, now, kOrigin), State::kDeleted, Action::kDeleted, "192.0.2.1"},
      {mark_expired(record, now, Origin{}), State::kExpired, Action::kExpired, ""},
  };
  for (const Row& row : rows) {
    CHECK(row.transition.next.state == row.state);
    CHECK(row.transition.next.wrapped_key.empty());
    CHECK(row.transition.next.verifier.empty());
    CHECK(row.transition.next.has_payload);
    REQUIRE(row.transition.events.size() == 1);
    CHECK(row.transition.events[0].action == row.action);
    CHECK(row.transition.events[0].at == now);
    CHECK(row.transition.events[0].address == row.address);
  }
  CHECK_FALSE(mark_retrieved(record, kCreated + 300s, kOrigin).next.has_payload);
}

TEST_CASE("passphrases: the fifth wrong one locks for 15 minutes and starts the count anew") {
  Record record = live_record(3600s);
  WallTime now = kCreated;
  for (int attempt = 1; attempt <= 4; ++attempt) {
    const Transition denied = mark_denied(record, now, kOrigin);
    REQUIRE(denied.events.size() == 1);
    CHECK(denied.events[0].action == Action::kDenied);
    CHECK(denied.events[0].extra_data == "{\"attempts\":" + std::to_string(attempt) + "}");
    CHECK(locked_for(denied.next, now) == 0s);
    record = denied.next;
  }
  const Transition locked = mark_denied(record, now, kOrigin);
  REQUIRE(locked.events.size() == 2);
  CHECK(locked.events[0].action == Action::kDenied);
  CHECK(locked.events[1].action == Action::kLocked);
  CHECK(locked.next.wrong_passphrases == 0);
  CHECK(locked.next.state == State::kLive);
  CHECK_FALSE(locked.next.wrapped_key.empty());
  CHECK(locked_for(locked.next, now) == 900s);
  CHECK(locked_for(locked.next, now + 899'001ms) == 1s);
  CHECK(locked_for(locked.next, now + 900s) == 0s);
}

TEST_CASE("created event: tells the TTL and whether a passphrase guards it, and nothing of the secret") {
  Record record = live_record(600s);
  CHECK(created_event(record, kOrigin).extra_data == "{\"ttl_seconds\":600,\"passphrase\":false}");
  record.guarded = true;
  CHECK(created_event(record, kOrigin).extra_data == "{\"ttl_seconds\":600,\"passphrase\":true}");
  Origin by_token = kOrigin;
  by_token.token = "0123456789ab";
  CHECK(created_event(record, by_token).extra_data ==
        R"({"ttl_seconds":600,"passphrase":true,"token":"0123456789ab"})");
}

TEST_CASE("backup: a record keeps its state and times and loses what could open it") {
  Record expected = live_record(600s);
  expected.wrapped_key.clear();
  expected.verifier.clear();
  expected.has_payload = false;
  CHECK(without_keys(live_record(600s)) == expected);
}

TEST_CASE("restore: what was live counts as deleted, and its event says why") {
  const Transition lost = mark_lost(without_keys(live_record(600s)), kCreated + 100s, Origin{{}, {}, {}});
  CHECK(standing(lost.next, kCreated + 100s) == Standing::kSpent);
  CHECK_FALSE(lost.next.has_payload);
  REQUIRE(lost.events.size() == 1);
  CHECK(lost.events[0].action == Action::kDeleted);
  CHECK(lost.events[0].extra_data == "{\"restored\":true}");
}

}  // namespace disposable
