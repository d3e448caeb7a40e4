// Goal: every rule of a secret of API v2 about views, claims and time, as pure functions.

#include <doctest/doctest.h>

#include "core/lifecycle.h"

namespace disposable {

using namespace std::chrono_literals;

namespace {

constexpr WallTime kCreated{1'000'000s};
const Origin kOrigin{"192.0.2.1", {}, {}};

Record live_record(std::uint8_t views, std::chrono::seconds ttl = 3600s) {
  Record record;
  record.format = RecordFormat::kApiV2;
  record.guarded = true;
  record.asks_proof = true;
  record.has_payload = true;
  record.created_at = kCreated;
  record.expires_at = kCreated + ttl;
  record.wrapped_key = {1};
  record.verifier = {2};
  record.proof = RecordHash{3};
  record.repetition = RecordHash{4};
  record.views = views;
  record.views_left = views;
  return record;
}

OpenClaim claim(std::uint8_t name) {
  OpenClaim claim;
  claim.name = {name};
  claim.wrapped_key = {name};
  return claim;
}

Record read_once(const Record& record, std::chrono::milliseconds age, std::optional<OpenClaim> with = std::nullopt) {
  return mark_retrieved(record, kCreated + age, kOrigin, std::move(with)).next;
}

}  // namespace

TEST_CASE("v2: the last view spends and wipes everything, unless a claim is open") {
  const Record first = read_once(live_record(2), 10s);
  CHECK(first.state == State::kLive);
  CHECK(first.views_left == 1);
  CHECK(first.changed_at == kCreated + 10s);
  CHECK(first.repetition.has_value());
  const Record last = read_once(first, 20s);
  CHECK(last.state == State::kRetrieved);
  CHECK(last.views_left == 0);
  CHECK(last.changed_at == kCreated + 20s);
  CHECK(last.wrapped_key.empty());
  CHECK(last.verifier.empty());
  CHECK_FALSE(last.proof);
  CHECK_FALSE(last.repetition);
  CHECK(last.has_payload);
  CHECK_FALSE(read_once(first, 300s).has_payload);

  const Record claimed = read_once(first, 300s, claim(7));
  CHECK(claimed.wrapped_key.empty());
  CHECK_FALSE(claimed.repetition);
  CHECK_FALSE(claimed.verifier.empty());
  CHECK(claimed.proof.has_value());
  CHECK(claimed.has_payload);
  REQUIRE(claimed.claims.size() == 1);
  CHECK(claimed.claims[0].until == kCreated + 360s);
  CHECK(claimed.claims[0].views_left == 0);
}

TEST_CASE("v2: deletion, expiry, a backup and a restore end all claims and keep nothing that opens") {
  const Record record = read_once(live_record(3), 10s, claim(7));
  REQUIRE(record.claims.size() == 1);
  const Record ended[] = {mark_deleted(record, kCreated + 20s, kOrigin).next,
                          mark_expired(record, kCreated + 3600s, kOrigin).next,
                          mark_lost(record, kCreated + 20s, kOrigin).next, without_keys(record)};
  for (const Record& next : ended) {
    CHECK(next.claims.empty());
    CHECK(next.wrapped_key.empty());
    CHECK(next.verifier.empty());
    CHECK_FALSE(next.proof);
    CHECK_FALSE(next.repetition);
    CHECK(decode_record(encode_record(next)).value() == next);
  }
  CHECK(ended[0].changed_at == kCreated + 20s);
  CHECK(ended[0].views_left == 0);
  CHECK(ended[3].state == State::kLive);
  CHECK(ended[3].views_left == 2);
}

TEST_CASE("v2: a claim is open until its minute or the secret's time is over, and no longer with a clock set back") {
  const Record record = read_once(live_record(2), 100s, claim(7));
  const OpenClaim& open = record.claims.at(0);
  CHECK(is_open(open, kCreated + 100s));
  CHECK(is_open(open, kCreated + 159'999ms));
  CHECK_FALSE(is_open(open, kCreated + 160s));
  CHECK(is_open(open, kCreated + 99s));  // another node, whose clock is behind
  CHECK_FALSE(is_open(open, kCreated + 39s));
  CHECK(claim_until(record, record.expires_at - 5s) == record.expires_at);
  CHECK(find_claim(record, RecordHash{7}) == &open);
  CHECK(find_claim(record, RecordHash{8}) == nullptr);
  CHECK(read_once(record, 160s, claim(8)).claims.size() == 1);
  CHECK(read_once(record, 159s, claim(8)).claims.size() == 2);
}

TEST_CASE("v2: what the sweeper does and when it is due next") {
  struct Row {
    const char* name;
    Record record;
    std::chrono::seconds age;
    SweepStep step;
    std::chrono::seconds due;  // after creation
  };
  const Record live = read_once(live_record(3), 100s, claim(1));
  const Record two = read_once(live, 130s, claim(2));
  const Record spent = read_once(two, 140s);
  const Record late = read_once(live_record(1), 280s, claim(1));
  constexpr std::chrono::seconds kForgotten = 3600s + 24h * 30;
  const Row rows[] = {
      {"live, with a claim", live, 159s, SweepStep::kNothing, 160s},
      {"live, its claim over", live, 160s, SweepStep::kCloseClaims, 160s},
      {"live, its claim over, after closing", close_claims(live, kCreated + 160s), 160s, SweepStep::kNothing, 3600s},
      {"live, the first of two over", two, 160s, SweepStep::kCloseClaims, 160s},
      {"live, after closing the first", close_claims(two, kCreated + 160s), 160s, SweepStep::kNothing, 190s},
      {"live, overdue with a claim that seems open", live, 3600s, SweepStep::kExpire, 3600s},
      {"spent, two claims open", spent, 150s, SweepStep::kNothing, 160s},
      {"spent, both over", close_claims(spent, kCreated + 190s), 190s, SweepStep::kNothing, 300s},
      {"spent, claim beyond the retention", late, 310s, SweepStep::kNothing, 340s},
      {"spent, claim over", late, 340s, SweepStep::kCloseClaims, 340s},
      {"spent, after that", close_claims(late, kCreated + 340s), 340s, SweepStep::kNothing, kForgotten},
      {"spent, the clock set back before the claim", late, 200s, SweepStep::kCloseClaims, 200s},
      {"tombstone", read_once(live_record(1), 301s), 3700s, SweepStep::kNothing, kForgotten},
      {"tombstone over", read_once(live_record(1), 301s), kForgotten, SweepStep::kPurge, kForgotten},
      {"expired", mark_expired(live_record(1), kCreated + 3600s, kOrigin).next, 3600s, SweepStep::kNothing, kForgotten},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(sweep_step(row.record, kCreated + row.age) == row.step);
    CHECK(due_at(row.record, kCreated + row.age) == kCreated + row.due);
  }
  CHECK_FALSE(close_claims(late, kCreated + 340s).has_payload);
  CHECK(close_claims(spent, kCreated + 190s).has_payload);
}

TEST_CASE("v2: a spent secret is told of until 30 days after its time, an expired one is absent at once") {
  const Record spent = read_once(live_record(1), 10s);
  CHECK(standing(spent, kCreated + 3600s + 24h * 30 - 1ms) == Standing::kSpent);
  CHECK(standing(spent, kCreated + 3600s + 24h * 30) == Standing::kAbsent);
  CHECK(standing(mark_expired(live_record(1), kCreated + 3600s, kOrigin).next, kCreated + 3600s) == Standing::kAbsent);
  CHECK(retain_until(live_record(1, 1s)) == kCreated + 300s + 24h * 30);
}

TEST_CASE("v2: only the ends of a secret make the live secrets fewer") {
  struct Row {
    Action action;
    const char* extra_data;
    int change;
  };
  const Row rows[] = {
      {Action::kCreated, R"({"ttl_seconds":1,"passphrase":false,"proof":false,"views":1})", 1},
      {Action::kCreated, R"({"ttl_seconds":1,"request":true})", 0},
      {Action::kRetrieved, "{}", -1},
      {Action::kRetrieved, R"({"views_left":0})", -1},
      {Action::kRetrieved, R"({"views_left":1})", 0},
      {Action::kRetrieved, R"({"views_left":10})", 0},
      {Action::kRetrieved, R"({"repeated":true,"views_left":0})", 0},
      {Action::kDeleted, "{}", -1},
      {Action::kDeleted, R"({"restored":true})", -1},
      {Action::kDeleted, R"({"request":true})", 0},
      {Action::kExpired, R"({"request":true})", 0},
      {Action::kDenied, R"({"attempts":1})", 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.extra_data);
    CHECK(live_change({{}, {}, row.action, {}, {}, row.extra_data}) == row.change);
  }
}

TEST_CASE("v2: the created event tells what was asked for") {
  CHECK(created_event(live_record(3), kOrigin).extra_data ==
        R"({"ttl_seconds":3600,"passphrase":true,"proof":true,"views":3})");
  Record request = live_record(1);
  request.request = true;
  CHECK(created_event(request, kOrigin).extra_data == R"({"ttl_seconds":3600,"request":true})");
}

}  // namespace disposable
