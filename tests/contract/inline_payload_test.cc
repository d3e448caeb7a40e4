// Goal: a small payload lives and ends with its record, a larger one apart from it, and nobody can tell from outside.
// Method: sizes around the border, through every change and restart; then a look at what is on disk.

#include <doctest/doctest.h>

#include <algorithm>

#include "contract/harness.h"

namespace disposable {
namespace {

constexpr std::size_t kSizes[] = {1, 40, kInlinePayloadMax - 1, kInlinePayloadMax, kInlinePayloadMax + 1, 70'000};

Bytes payload_of(std::size_t size) { return Bytes(size, 0xA7); }

// The value of a key as it is on disk, with the store closed; nothing when there is none.
std::optional<Bytes> on_disk(const RocksDbHarness& harness, Family family, std::uint64_t number) {
  Database database(harness.options.directory);
  REQUIRE(database.open().has_value());
  auto value = database.read(family, test_id(number).bytes);
  REQUIRE(value.has_value());
  return std::move(*value);
}

bool holds_payload(const std::optional<Bytes>& value) {
  return value && std::search_n(value->begin(), value->end(), 40, std::uint8_t{0xA7}) != value->end();
}

struct Stored {
  explicit Stored(std::size_t bytes) : size(bytes) {
    REQUIRE(harness.store().insert(test_id(1), test_entry("record", 500), payload_of(size), {})->wait().has_value());
  }
  // As they are now, and from disk.
  void check_payload(bool there) {
    for (int round = 0; round < 2; ++round) {
      const auto payload = harness.store().load_payload(test_id(1));
      CHECK(payload.has_value() == there);
      CHECK((!there || *payload == payload_of(size)));
      CHECK(harness.totals().payload_bytes == (there ? size : 0));
      harness.reopen();
    }
  }

  const std::size_t size;
  RocksDbHarness harness;
};

TEST_CASE("small payload: it comes back after inserts, changes of the record and restarts") {
  for (const std::size_t size : kSizes) {
    CAPTURE(size);
    Stored stored(size);
    stored.check_payload(true);
    SecretStore& store = stored.harness.store();
    REQUIRE(store.replace(test_id(1), 1, test_entry("a longer record", 600), Payload::kKeep, {})->wait().has_value());
    stored.check_payload(true);
    CHECK(as_text(stored.harness.store().load(test_id(1))->record) == "a longer record");
  }
}

TEST_CASE("small payload: dropping it leaves the record, purging leaves nothing, in the database too") {
  for (const std::size_t size : kSizes) {
    CAPTURE(size);
    Stored stored(size);
    RocksDbHarness& harness = stored.harness;
    REQUIRE(harness.store().replace(test_id(1), 1, test_entry("r", 600), Payload::kDrop, {})->wait().has_value());
    stored.check_payload(false);
    CHECK(harness.store().load(test_id(1))->version == 2);
    harness.close();
    CHECK_FALSE(holds_payload(on_disk(harness, Family::kRecords, 1)));
    CHECK_FALSE(on_disk(harness, Family::kPayloads, 1).has_value());
    harness.reopen();
    REQUIRE(harness.store().insert(test_id(2), test_entry("r", 1), payload_of(size), {})->wait().has_value());
    REQUIRE(harness.store().purge(test_id(2), 1)->wait().has_value());
    REQUIRE(harness.store().purge(test_id(1), 2)->wait().has_value());
    CHECK(harness.totals().payload_bytes == 0);
    harness.close();
    for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{2}}) {
      CHECK_FALSE(on_disk(harness, Family::kRecords, number).has_value());
      CHECK_FALSE(on_disk(harness, Family::kPayloads, number).has_value());
    }
  }
}

TEST_CASE("small payload: only a small one is stored with its record") {
  for (const std::size_t size : {std::size_t{40}, std::size_t{kInlinePayloadMax}, std::size_t{kInlinePayloadMax + 1}}) {
    CAPTURE(size);
    Stored stored(size);
    stored.harness.close();
    CHECK(holds_payload(on_disk(stored.harness, Family::kRecords, 1)) == is_inline(size));
    CHECK(on_disk(stored.harness, Family::kPayloads, 1).has_value() != is_inline(size));
  }
}

TEST_CASE("stored record: one that is too short for the payload it promises is kCorrupt") {
  const Bytes whole = encode_stored_record(1, test_entry("", 5), 40, payload_of(40));
  REQUIRE(decode_stored_record(whole).has_value());
  CHECK(decode_stored_record(whole)->payload == payload_of(40));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto cut = decode_stored_record(ByteView(whole).first(size));
    REQUIRE_FALSE(cut.has_value());
    CHECK(cut.error().code == Errc::kCorrupt);
  }
}

}  // namespace
}  // namespace disposable
