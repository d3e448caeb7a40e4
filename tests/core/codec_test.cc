// Goal: the stored forms of records and events round-trip, are pinned byte for byte, and refuse everything else.

#include <doctest/doctest.h>

#include "core/event.h"
#include "core/record.h"
#include "core/webhook.h"
#include "support/fakes.h"

namespace disposable {

namespace {

Record sample_record() {
  Record record;
  record.state = State::kLive;
  record.guarded = true;
  record.has_payload = true;
  record.wrong_passphrases = 3;
  record.created_at = WallTime(std::chrono::milliseconds(0x0102));
  record.expires_at = WallTime(std::chrono::milliseconds(0x0304));
  record.locked_until = WallTime(std::chrono::milliseconds(0x0506));
  record.epoch = 7;
  record.fingerprint.bytes.fill(0xAA);
  record.wrapped_key = {1, 2};
  record.verifier = {3};
  return record;
}

Record sample_record_v2() {
  Record record = sample_record();
  record.format = RecordFormat::kApiV2;
  record.asks_proof = true;
  record.changed_at = WallTime(std::chrono::milliseconds(0x0708));
  record.views = 3;
  record.views_left = 2;
  record.bytes = 0x0A0B;
  record.proof.emplace().fill(0xBB);
  record.repetition.emplace().fill(0xCC);
  record.webhook = {5, 6};
  OpenClaim claim;
  claim.name.fill(0xDD);
  claim.until = WallTime(std::chrono::milliseconds(0x0C0D));
  claim.views_left = 2;
  claim.repetitions = 5;
  claim.wrapped_key = {4};
  record.claims = {claim};
  return record;
}

Event sample_event() {
  Event event;
  event.id.bytes.fill(0x11);
  event.fingerprint.bytes.fill(0x22);
  event.action = Action::kDenied;
  event.at = WallTime(std::chrono::milliseconds(5));
  event.address = "::1";
  event.extra_data = "{\"attempts\":1}";
  return event;
}

}  // namespace

TEST_CASE("record: the byte format is pinned") {
  CHECK(to_hex(encode_record(sample_record())) ==
        "01"
        "01"
        "03"
        "03"
        "0201000000000000"
        "0403000000000000"
        "0605000000000000"
        "07000000"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "020000000102"
        "0100000003");
}

TEST_CASE("record: the byte format of API v2 is pinned") {
  CHECK(to_hex(encode_record(sample_record_v2())) ==
        "02"
        "01"
        "07"
        "03"
        "0201000000000000"
        "0403000000000000"
        "0605000000000000"
        "07000000"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "020000000102"
        "0100000003"
        "0807000000000000"
        "03"
        "02"
        "0b0a000000000000"
        "10000000bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
        "10000000cccccccccccccccccccccccccccccccc"
        "020000000506"
        "01"
        "dddddddddddddddddddddddddddddddd"
        "0d0c000000000000"
        "02"
        "05"
        "0100000004");
}

TEST_CASE("record: of API v2, round trip of what is there and what is not") {
  const Record full = sample_record_v2();
  CHECK(decode_record(encode_record(full)).value() == full);
  Record bare = full;
  bare.state = State::kDeleted;
  bare.views_left = 0;
  bare.asks_proof = false;
  bare.request = true;
  bare.proof.reset();
  bare.repetition.reset();
  bare.webhook.clear();
  bare.claims.clear();
  CHECK(decode_record(encode_record(bare)).value() == bare);
  Record many = full;
  many.views = 100;
  many.views_left = 1;
  many.claims.assign(99, full.claims[0]);
  CHECK(decode_record(encode_record(many)).value() == many);
}

TEST_CASE("record: of API v2, what no record can be is kCorrupt") {
  const Bytes good = encode_record(sample_record_v2());
  for (std::size_t i = 0; i < good.size(); ++i) {
    CAPTURE(i);
    CHECK(decode_record(ByteView(good).first(i)).error().code == Errc::kCorrupt);
  }
  struct Row {
    const char* name;
    void (*edit)(Record&);
  };
  const Row rows[] = {
      {"no views", [](Record& record) { record.views = 0; }},
      {"too many views", [](Record& record) { record.views = 101; }},
      {"more left than there were", [](Record& record) { record.views_left = 4; }},
      {"live without views", [](Record& record) { record.views_left = 0; }},
      {"spent with views", [](Record& record) { record.state = State::kRetrieved; }},
      {"more claims than views taken", [](Record& record) { record.claims.assign(2, record.claims[0]); }},
      {"claims of a request", [](Record& record) { record.request = true; }},
      {"a claim with more left than all but one", [](Record& record) { record.claims[0].views_left = 3; }},
      {"a claim with less left than there is", [](Record& record) { record.claims[0].views_left = 1; }},
      {"claims on what was deleted",
       [](Record& record) {
         record.state = State::kDeleted;
         record.views_left = 0;
         record.repetition.reset();
         record.webhook.clear();
       }},
      {"a repetition of what is spent",
       [](Record& record) {
         record.state = State::kRetrieved;
         record.views_left = 0;
         record.webhook.clear();
       }},
      {"a webhook of what is spent",
       [](Record& record) {
         record.state = State::kRetrieved;
         record.views_left = 0;
         record.repetition.reset();
       }},
      {"a webhook too long", [](Record& record) { record.webhook.resize(kSealedWebhookMax + 1); }},
      {"changed before 1970", [](Record& record) { record.changed_at = WallTime(std::chrono::milliseconds(-1)); }},
      {"a claim for ever", [](Record& record) { record.claims[0].until = WallTime::max(); }},
      {"format 3", [](Record& record) { record.format = static_cast<RecordFormat>(3); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Record record = sample_record_v2();
    row.edit(record);
    CHECK(decode_record(encode_record(record)).error().code == Errc::kCorrupt);
  }
  Bytes flags = good;
  flags[2] |= 0x10U;
  CHECK(decode_record(flags).error().code == Errc::kCorrupt);
  Bytes of_v1 = encode_record(sample_record());
  of_v1[2] |= 4U;
  CHECK(decode_record(of_v1).error().code == Errc::kCorrupt);
  Bytes short_hash = good;
  short_hash[77] = 15;  // length of the proof's hash
  CHECK(decode_record(short_hash).error().code == Errc::kCorrupt);
}

TEST_CASE("record: times before 1970 or after 9999 are kCorrupt") {
  for (const std::int64_t time : {std::int64_t{-1}, std::int64_t{253'402'300'800'000}, INT64_MIN, INT64_MAX}) {
    CAPTURE(time);
    for (WallTime Record::*const field : {&Record::created_at, &Record::expires_at, &Record::locked_until}) {
      Record record = sample_record();
      record.*field = WallTime(std::chrono::milliseconds(time));
      CHECK(decode_record(encode_record(record)).error().code == Errc::kCorrupt);
    }
  }
}

TEST_CASE("record: round trip in every state") {
  for (const State state : {State::kLive, State::kRetrieved, State::kDeleted, State::kExpired}) {
    Record record = sample_record();
    record.state = state;
    CHECK(decode_record(encode_record(record)).value() == record);
  }
}

TEST_CASE("record: cut short, padded, or with an unknown version, state or flag it is kCorrupt") {
  const Bytes good = encode_record(sample_record());
  for (std::size_t i = 0; i < good.size(); ++i) {
    CAPTURE(i);
    CHECK(decode_record(ByteView(good).first(i)).error().code == Errc::kCorrupt);
  }
  Bytes padded = good;
  padded.push_back(0);
  CHECK(decode_record(padded).error().code == Errc::kCorrupt);
  struct Row {
    std::size_t at;
    std::uint8_t value;
  };
  for (const Row row : {Row{0, 0}, Row{0, 2}, Row{0, 3}, Row{1, 0}, Row{1, 5}, Row{2, 4}, Row{51, 0xFF}}) {
    CAPTURE(row.at);
    Bytes bad = good;
    bad[row.at] = row.value;
    CHECK(decode_record(bad).error().code == Errc::kCorrupt);
  }
}

TEST_CASE("event: round trip of every action, and refusal of everything else") {
  for (const Action action :
       {Action::kCreated, Action::kRetrieved, Action::kDeleted, Action::kExpired, Action::kDenied, Action::kLocked}) {
    Event event = sample_event();
    event.action = action;
    CHECK(decode_event(encode_event(event)).value() == event);
    CHECK(action_from_name(action_name(action)) == action);
  }
  CHECK_FALSE(action_from_name("burned"));
  Event told = sample_event();
  told.webhook = {1, 2, 3};
  CHECK(decode_event(encode_event(told)).value() == told);
  for (const Event& event : {sample_event(), told}) {
    const Bytes whole = encode_event(event);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      CHECK(decode_event(ByteView(whole).first(i)).error().code == Errc::kCorrupt);
    }
  }
  const Bytes good = encode_event(sample_event());
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}}) {
    Bytes bad = good;
    bad[at] = 9;
    CHECK(decode_event(bad).error().code == Errc::kCorrupt);
  }
}

TEST_CASE("event id: a UUIDv7 that sorts by time") {
  SeededRandom random(1);
  const EventId early = EventId::generate(WallTime(std::chrono::milliseconds(1'700'000'000'000)), random);
  const EventId late = EventId::generate(WallTime(std::chrono::milliseconds(1'700'000'000'001)), random);
  CHECK(early < late);
  CHECK(format_uuid(early.bytes).substr(0, 15) == "018bcfe5-6800-7");
}

}  // namespace disposable
