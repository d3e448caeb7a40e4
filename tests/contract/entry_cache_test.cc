// Goal: the cache stays within its bytes, and never forgets what the disk does not have yet.

#include "store/rocksdb/entry_cache.h"

#include <doctest/doctest.h>

#include "contract/harness.h"

namespace disposable {
namespace {

CachedEntry entry_of(std::size_t record_bytes, std::size_t payload_bytes, CommitSequence sequence) {
  CachedEntry entry;
  entry.version = 1;
  entry.entry.record.resize(record_bytes);
  entry.payload_place = CachedEntry::PayloadPlace::kHere;
  entry.payload = std::make_shared<const Bytes>(payload_bytes);
  entry.sequence = sequence;
  return entry;
}

TEST_CASE("trim: what has been idle longest goes first") {
  EntryCache cache(4096);
  for (std::uint64_t i = 0; i < 10; ++i) {
    cache.put(test_id(i), entry_of(600, 100, 1));
  }
  CHECK(cache.find(test_id(0)) != nullptr);
  cache.trim(/*settled=*/1);
  CHECK(cache.bytes() <= 4096);
  CHECK(cache.find(test_id(0)) != nullptr);
  CHECK(cache.find(test_id(1)) == nullptr);
  CHECK(cache.find(test_id(9)) != nullptr);
}

TEST_CASE("trim: what is not settled stays, whatever it takes") {
  EntryCache cache(0);
  for (std::uint64_t i = 1; i <= 10; ++i) {
    cache.put(test_id(i), entry_of(100, 100'000, i));
  }
  cache.trim(/*settled=*/4);
  for (std::uint64_t i = 1; i <= 10; ++i) {
    CAPTURE(i);
    CHECK((cache.find(test_id(i)) != nullptr) == (i > 4));
  }
  cache.trim(/*settled=*/10);
  CHECK(cache.bytes() == 0);
}

TEST_CASE("trim: a large payload is left to the disk as soon as it is there, its record is not") {
  EntryCache cache(1024 * 1024);
  cache.put(test_id(1), entry_of(100, 100'000, 1));
  cache.put(test_id(2), entry_of(100, 1000, 1));
  cache.trim(/*settled=*/0);
  CHECK(cache.find(test_id(1))->payload != nullptr);
  CHECK(cache.wants_trim());
  cache.trim(/*settled=*/1);
  CHECK_FALSE(cache.wants_trim());
  REQUIRE(cache.find(test_id(1)) != nullptr);
  CHECK(cache.find(test_id(1))->payload == nullptr);
  CHECK(cache.find(test_id(1))->payload_place == CachedEntry::PayloadPlace::kOnDisk);
  CHECK(cache.find(test_id(2))->payload != nullptr);
}

TEST_CASE("put: replacing an entry counts only the new one; clear forgets everything") {
  EntryCache cache(1024 * 1024);
  cache.put(test_id(1), entry_of(100, 1000, 1));
  const std::size_t bytes = cache.bytes();
  cache.put(test_id(1), entry_of(100, 50'000, 2));
  cache.put(test_id(1), entry_of(100, 1000, 3));
  CHECK(cache.bytes() == bytes);
  CHECK_FALSE(cache.wants_trim());
  cache.clear();
  CHECK(cache.bytes() == 0);
  CHECK(cache.find(test_id(1)) == nullptr);
}

}  // namespace
}  // namespace disposable
