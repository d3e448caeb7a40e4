// Goal: what is to be told is kept in every database, handed out in its turn, once, and forgotten in time. Method: each
// test runs over all of them, with a fresh queue; times are numbers of the test.

#include "core/delivery_queue.h"

#include <fstream>

#include "audit/delivery_queues.h"
#include "audit/sqlite_delivery_place.h"
#include "support/fakes.h"

namespace disposable {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime kNow{milliseconds{1'790'000'000'000}};
constexpr seconds kLease{60};

template <class Test>
void for_each_place(const Test& test) {
  for (const DeliveryPlaceKind& kind : delivery_places()) {
    CAPTURE(kind.name);
    test(*kind.create());
  }
}

// Delivery `number` happened that many seconds after kNow, is due at once and goes to a place of its own.
Delivery delivery(std::uint8_t number, DeliveryKind kind = DeliveryKind::kSecret) {
  SeededRandom random(number);
  Delivery made;
  made.created_at = made.due = kNow + seconds(number);
  made.event = EventId::generate(made.created_at, random);
  made.kind = kind;
  made.fingerprint.bytes.fill(number);
  if (kind == DeliveryKind::kSecret) {
    made.webhook = Bytes(200, number);
    made.destination.fill(number);
  }
  made.body = "{\"quoted\":\"\\\"\",\"number\":" + std::to_string(number) + "}";
  return made;
}

Destination to(std::uint8_t number) { return delivery(number).destination; }

void add(DeliveryQueue& queue, const std::vector<Delivery>& deliveries) { REQUIRE(queue.add(deliveries)); }

std::optional<Delivery> take(DeliveryQueue& queue, WallTime now = kNow + hours(1),
                             const std::vector<Destination>& without = {}, DeliveryKind kind = DeliveryKind::kSecret) {
  const Result<std::optional<Delivery>> taken = queue.take(kind, now, without, kLease);
  REQUIRE_MESSAGE(taken, (taken ? "" : taken.error().detail));
  return *taken;
}

std::uint64_t pending(DeliveryQueue& queue, DeliveryKind kind = DeliveryKind::kSecret) {
  const Result<DeliveryQueue::Pending> found = queue.pending(kind);
  REQUIRE_MESSAGE(found, (found ? "" : found.error().detail));
  return found->count;
}

TEST_CASE("delivery queue: what is added comes back as it was, also after it was opened again") {
  for_each_place([](const DeliveryPlace& place) {
    const Delivery secret = delivery(1);
    const Delivery server = delivery(2, DeliveryKind::kServer);
    add(*place.open(), {secret, server});
    const auto queue = place.open();
    CHECK(take(*queue) == secret);
    CHECK(take(*queue, kNow + hours(1), {}, DeliveryKind::kServer) == server);
  });
}

TEST_CASE("delivery queue: nothing is no delivery, and none is handed out before it is due") {
  for_each_place([](const DeliveryPlace& place) {
    const auto queue = place.open();
    REQUIRE(queue->add({}));
    CHECK_FALSE(take(*queue));
    add(*queue, {delivery(10)});
    CHECK_FALSE(take(*queue, kNow + seconds(10) - milliseconds(1)));
    CHECK(take(*queue, kNow + seconds(10)) == delivery(10));
  });
}

TEST_CASE("delivery queue: the one that is due for longest comes first, and destinations can be left out") {
  for_each_place([](const DeliveryPlace& place) {
    const auto queue = place.open();
    Delivery second_to_one = delivery(2);
    second_to_one.destination = to(1);
    add(*queue, {delivery(4), delivery(3), second_to_one, delivery(1), delivery(0, DeliveryKind::kServer)});
    CHECK(take(*queue, kNow + hours(1), {to(1)}) == delivery(3));
    CHECK(take(*queue, kNow + hours(1), {to(1), to(3)}) == delivery(4));
    CHECK_FALSE(take(*queue, kNow + hours(1), {to(1), to(3), to(4)}));
    CHECK(take(*queue, kNow + hours(1), {to(3), to(4)}) == delivery(1));
  });
}

TEST_CASE("delivery queue: what is settled is told no more, whatever is added again") {
  for_each_place([](const DeliveryPlace& place) {
    const auto queue = place.open();
    add(*queue, {delivery(1), delivery(2)});
    REQUIRE(queue->settle(delivery(1), kNow));
    add(*queue, {delivery(1), delivery(2), delivery(3)});
    CHECK(pending(*queue) == 2);
    CHECK(take(*queue) == delivery(2));
    REQUIRE(queue->settle(delivery(2), kNow));
    CHECK(take(*queue) == delivery(3));
  });
}

TEST_CASE("delivery queue: one event is told to the operator and to the creator, each once") {
  for_each_place([](const DeliveryPlace& place) {
    const auto queue = place.open();
    Delivery server = delivery(1, DeliveryKind::kServer);
    server.event = delivery(1).event;
    add(*queue, {delivery(1), server, delivery(1)});
    CHECK(pending(*queue) == 1);
    CHECK(pending(*queue, DeliveryKind::kServer) == 1);
    REQUIRE(queue->settle(server, kNow));
    CHECK(pending(*queue) == 1);
    CHECK(pending(*queue, DeliveryKind::kServer) == 0);
  });
}

TEST_CASE("delivery queue: what is postponed waits, and remembers how often it failed") {
  for_each_place([](const DeliveryPlace& place) {
    const auto queue = place.open();
    add(*queue, {delivery(1)});
    Delivery expected = delivery(1);
    for (int attempts = 1; attempts <= 3; ++attempts) {
      expected.attempts = attempts;
      expected.due = kNow + hours(attempts);
      REQUIRE(queue->postpone(delivery(1), expected.due));
      CHECK_FALSE(take(*queue, expected.due - milliseconds(1)));
      CHECK(take(*queue, expected.due) == expected);
    }
  });
}

TEST_CASE("delivery queue: what is pending is counted, with its oldest") {
  for_each_place([](const DeliveryPlace& place) {
    const auto queue = place.open();
    CHECK_FALSE(queue->pending(DeliveryKind::kSecret)->oldest);
    add(*queue, {delivery(7), delivery(5), delivery(3, DeliveryKind::kServer)});
    REQUIRE(queue->postpone(delivery(5), kNow + hours(9)));
    CHECK(queue->pending(DeliveryKind::kSecret)->count == 2);
    CHECK(queue->pending(DeliveryKind::kSecret)->oldest == delivery(5).created_at);
    CHECK(queue->pending(DeliveryKind::kServer)->oldest == delivery(3).created_at);
  });
}

TEST_CASE("delivery queue: a settled one is remembered for a day, and none for more than four") {
  for_each_place([](const DeliveryPlace& place) {
    const auto queue = place.open();
    add(*queue, {delivery(1), delivery(2)});
    REQUIRE(queue->settle(delivery(1), kNow + minutes(1)));
    REQUIRE(queue->prune(kNow + kSettledKept));
    add(*queue, {delivery(1)});
    CHECK(pending(*queue) == 1);
    REQUIRE(queue->prune(kNow + kSettledKept + minutes(2)));
    add(*queue, {delivery(1)});
    CHECK(pending(*queue) == 2);
    REQUIRE(queue->prune(delivery(1).created_at + kDeliveryKept + milliseconds(1)));
    CHECK(pending(*queue) == 1);
    CHECK(take(*queue) == delivery(2));
    CHECK(queue->prune(kNow + kDeliveryKept + hours(1)).value() == DeliveryQueue::Forgotten{0, 1});
    CHECK(pending(*queue) == 0);
  });
}

TEST_CASE("delivery queue: what waits longer than any pause lasts is due") {
  for_each_place([](const DeliveryPlace& place) {
    const auto queue = place.open();
    add(*queue, {delivery(1), delivery(2)});
    REQUIRE(queue->postpone(delivery(1), kNow + kPauseMost));
    REQUIRE(queue->postpone(delivery(2), kNow + hours(30 * 24)));
    REQUIRE(queue->prune(kNow));
    const std::optional<Delivery> due = take(*queue, kNow);
    REQUIRE(due);
    CHECK(due->event == delivery(2).event);
    CHECK_FALSE(take(*queue, kNow, {due->destination}));
  });
}

TEST_CASE("delivery queue: in SQLite it is a private file") {
  const SqliteDeliveryPlace place;
  const auto queue = place.open();
  CHECK((std::filesystem::status(place.path()).permissions() & std::filesystem::perms(077)) ==
        std::filesystem::perms::none);
  CHECK(std::filesystem::exists(place.path().string() + "-wal"));
}

TEST_CASE("delivery queue: a file of another program is refused and stays what it is") {
  const SqliteDeliveryPlace place;
  std::ofstream(place.path()) << "not a database, but long enough to be mistaken for one by somebody in a hurry";
  const auto opened = place.try_open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Errc::kCorrupt);
  CHECK(opened.error().detail.find(place.path().string()) == 0);
}

}  // namespace
}  // namespace disposable
