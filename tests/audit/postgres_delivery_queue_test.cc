// Goal: nodes that share a queue do not make the same call, and make each other's when one dies. Method: two queues
// over one table, and threads that race for it.

#include <set>
#include <thread>

#include "audit/postgres_delivery_place.h"
#include "support/fakes.h"

namespace disposable {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WallTime kNow{milliseconds{1'790'000'000'000}};
constexpr seconds kLease{30};

std::vector<Delivery> deliveries(std::size_t count) {
  SeededRandom random(7);
  std::vector<Delivery> made(count);
  for (Delivery& delivery : made) {
    delivery.created_at = delivery.due = kNow;
    delivery.event = EventId::generate(kNow, random);
    delivery.kind = DeliveryKind::kServer;
    delivery.body = "{}";
  }
  return made;
}

std::optional<Delivery> take(DeliveryQueue& queue, WallTime now) {
  const Result<std::optional<Delivery>> taken = queue.take(DeliveryKind::kServer, now, {}, kLease);
  REQUIRE_MESSAGE(taken, (taken ? "" : taken.error().detail));
  return *taken;
}

TEST_CASE("delivery queue: what one node has taken another gets when the lease is over, and not before") {
  const PostgresDeliveryPlace place;
  const auto one = place.open();
  const auto other = place.open();
  const std::vector<Delivery> added = deliveries(1);
  REQUIRE(one->add(added));
  CHECK(take(*one, kNow) == added[0]);
  CHECK_FALSE(take(*other, kNow));
  CHECK_FALSE(take(*other, kNow + kLease - milliseconds(1)));
  const std::optional<Delivery> again = take(*other, kNow + kLease);
  REQUIRE(again);
  CHECK(again->event == added[0].event);
  CHECK(again->attempts == 0);
}

TEST_CASE("delivery queue: of many nodes at once each delivery goes to one") {
  constexpr std::size_t kCount = 60;
  const PostgresDeliveryPlace place;
  REQUIRE(place.open()->add(deliveries(kCount)));
  std::vector<std::vector<EventId>> taken(4);
  {
    std::vector<std::jthread> nodes;
    for (std::vector<EventId>& mine : taken) {
      nodes.emplace_back([&place, &mine] {
        const auto queue = place.try_open();
        for (auto next = (*queue)->take(DeliveryKind::kServer, kNow, {}, kLease); next && *next;
             next = (*queue)->take(DeliveryKind::kServer, kNow, {}, kLease)) {
          mine.push_back((*next)->event);
        }
      });
    }
  }
  std::set<EventId> all;
  std::size_t sum = 0;
  for (const std::vector<EventId>& mine : taken) {
    all.insert(mine.begin(), mine.end());
    sum += mine.size();
  }
  CHECK(sum == kCount);
  CHECK(all.size() == kCount);
}

TEST_CASE("delivery queue: it connects again, and an addition of unknown outcome is made again") {
  const PostgresDeliveryPlace place;
  const auto queue = place.open();
  REQUIRE(queue->add(deliveries(2)));
  run_postgres_sql(place.schema(),
                   "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = "
                   "'owner'");
  const Result<void> lost = queue->add(deliveries(3));
  if (!lost) {
    CHECK(lost.error().code == Errc::kUnavailable);
    REQUIRE(queue->add(deliveries(3)));
  }
  Result<DeliveryQueue::Pending> pending = queue->pending(DeliveryKind::kServer);
  if (!pending) {
    pending = queue->pending(DeliveryKind::kServer);
  }
  REQUIRE_MESSAGE(pending, (pending ? "" : pending.error().detail));
  CHECK(pending->count == 3);
}

}  // namespace
}  // namespace disposable
