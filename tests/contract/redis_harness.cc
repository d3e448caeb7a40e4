#include "contract/redis_harness.h"

#include <doctest/doctest.h>

#include <atomic>

namespace disposable {

namespace {

std::string new_prefix() {
  static std::atomic<int> count{0};
  return "test" + std::to_string(++count);
}

}  // namespace

RedisHarness::RedisHarness(OutboxLimits limits, RedisStore::Sharing sharing_of_events)
    : process(shared_redis()),
      prefix(new_prefix()),
      url(process.unix_url(prefix)),
      outbox_limits(limits),
      sharing(sharing_of_events) {
  reopen();
}

RedisHarness::RedisHarness(const RedisProcess& server, std::string other_url)
    : process(server), prefix("disposable"), url(std::move(other_url)) {}

RedisStore::Options RedisHarness::options() {
  // As in the process: a write to a connection that is gone is an error, not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  RedisStore::Options options;
  Result<RedisUrl> parsed = parse_redis_url(url);
  REQUIRE_MESSAGE(parsed.has_value(), parsed.error().detail);
  options.url = std::move(*parsed);
  options.keyring_check.fill(keyring);
  options.outbox = outbox_limits;
  options.storage = storage;
  options.sharing = sharing;
  options.consumer = consumer;
  options.stale_after = stale_after;
  options.accept_data_loss = accept_data_loss;
  options.random = &random;
  options.on_warning = [this](const std::string& warning) { warnings.push_back(warning); };
  return options;
}

void RedisHarness::reopen() {
  close();
  auto opened = try_open();
  REQUIRE_MESSAGE(opened.has_value(), opened.error().detail);
  redis = std::move(*opened);
}

StoreTotals RedisHarness::totals() const {
  const Result<StoreTotals> totals = redis->totals();
  REQUIRE_MESSAGE(totals.has_value(), totals.error().detail);
  return *totals;
}

}  // namespace disposable
