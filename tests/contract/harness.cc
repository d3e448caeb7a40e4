#include "contract/harness.h"

#include <doctest/doctest.h>

namespace disposable {

RocksDbHarness::RocksDbHarness(OutboxLimits limits) {
  options.directory = folder.path();
  options.outbox = limits;
  reopen();
}

RocksDbHarness::RocksDbHarness(const RocksDbStore::Options& other) : options(other) {
  options.directory = folder.path();
  reopen();
}

void RocksDbHarness::reopen() {
  close();
  auto opened = try_open();
  REQUIRE_MESSAGE(opened.has_value(), opened.error().detail);
  rocksdb = std::move(*opened);
}

StoreId test_id(std::uint64_t number) {
  StoreId id;
  // Spread over the bytes that choose stripes and buckets.
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    id.bytes[i] = static_cast<std::uint8_t>((number * 0x9E3779B97F4A7C15ULL) >> (8 * (i % 8)));
  }
  return id;
}

Event test_event(std::uint64_t number) {
  Event event;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    event.id.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  event.action = Action::kRetrieved;
  event.at = at(static_cast<std::int64_t>(number));
  event.address = "192.0.2.1";
  event.extra_data = "{}";
  return event;
}

Bytes test_bytes(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

WallTime at(std::int64_t milliseconds) { return WallTime{std::chrono::milliseconds{milliseconds}}; }

}  // namespace disposable
