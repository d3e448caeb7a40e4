// Goal: the stored forms of records and events round-trip, are pinned byte for byte, and refuse everything else.

#include <doctest/doctest.h>

#include "core/event.h"
#include "core/record.h"
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
  for (const Row row : {Row{0, 2}, Row{1, 0}, Row{1, 5}, Row{2, 4}, Row{51, 0xFF}}) {
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
  const Bytes good = encode_event(sample_event());
  for (std::size_t i = 0; i < good.size(); ++i) {
    CHECK(decode_event(ByteView(good).first(i)).error().code == Errc::kCorrupt);
  }
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
