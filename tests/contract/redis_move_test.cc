// Goal: in Redis, which no lock keeps from a second run, the run that came last is the only one that changes anything;
// and no replica can bring back what was moved. Method: a move is held up at its n-th step, for every n, while another
// one ends.

#include "contract/store_move_fixture.h"
#include "store/redis/redis_schema.h"

namespace disposable {

namespace {

TEST_CASE("store move: a run that is held up at any step, while another ends the move, changes nothing afterwards") {
  int step = 0;
  for (bool held_up = true; held_up; ++step) {
    CAPTURE(step);
    RedisPrefix from;
    RedisPrefix to;
    fill(from);
    std::optional<Shown> after;
    held_up = false;
    const Result<MoveReport> report = move(from, to, step, [&] {
      held_up = true;
      const Result<MoveReport> other = move(from, to, kUnbroken);
      REQUIRE_MESSAGE(other.has_value(), other.error().detail);
      must(to.store().value()->replace(test_id(0), 1, test_entry("spent", 2000), Payload::kDrop, {}));
      after = show(to);
      return true;
    });
    CHECK(report.has_value() == !held_up);
    if (after) {
      CHECK(report.error().code == Errc::kUnavailable);
      CHECK(show(to) == *after);
    }
    CHECK_FALSE(serves(from));
  }
  CHECK(step > 8);
}

TEST_CASE("store move: a run that is held up at any step, while another moves to elsewhere, makes no second copy") {
  int step = 0;
  for (bool held_up = true; held_up; ++step) {
    CAPTURE(step);
    RedisPrefix from;
    FolderPlace to;
    FolderPlace elsewhere;
    fill(from);
    held_up = false;
    bool moved = false;
    // What an earlier run put there and did not erase is there twice for the moment.
    REQUIRE_FALSE(move(from, to, 3).has_value());
    const Result<MoveReport> report = move(from, to, step, [&] {
      held_up = true;
      moved = move(from, elsewhere, kUnbroken).has_value();
      return true;
    });
    CHECK(report.has_value() == !moved);
    CHECK((!moved || serves(elsewhere)));
    CHECK(serves(to) == !moved);
  }
  CHECK(step > 8);
}

TEST_CASE("store move: under two names one store is the same place, and goes on serving") {
  for (const bool filled : {false, true}) {
    CAPTURE(filled);
    RedisPrefix place;
    filled ? fill(place) : must_serve(place);
    CHECK(move(place, place, kUnbroken).error().code == Errc::kInvalidArgument);
    CHECK(serves(place));
  }
}

TEST_CASE("store move: a tombstone has a time to live at the target, too") {
  FolderPlace from;
  RedisPrefix to;
  fill(from);
  REQUIRE(move(from, to, kUnbroken).has_value());
  const RedisKeys keys(to.options().url.prefix);
  CHECK(to.harness.process.say({"PTTL", keys.secret(test_id(4))}) != "-1");
  CHECK(to.harness.process.say({"PTTL", keys.secret(test_id(0))}) == "-1");
}

}  // namespace

}  // namespace disposable
