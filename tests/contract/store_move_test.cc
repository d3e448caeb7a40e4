// Goal: a move that is broken off anywhere, and begun again, loses nothing, and no store serves in the middle of it.
// Method: both ends are real stores; a move fails at its n-th step, for every n, and is begun again until it ends.

#include <filesystem>
#include <fstream>

#include "contract/store_move_fixture.h"

namespace disposable {

namespace {

template <class From, class To>
struct Way {
  From from;
  To to;
};
#ifdef DISPOSABLE_WITH_REDIS
#define EVERY_WAY                                                                              \
  Way<FolderPlace, FolderPlace>, Way<FolderPlace, RedisPrefix>, Way<RedisPrefix, FolderPlace>, \
      Way<RedisPrefix, RedisPrefix>
#else
#define EVERY_WAY Way<FolderPlace, FolderPlace>
#endif

}  // namespace

TEST_CASE_TEMPLATE("store move: everything is there, and nothing is left behind", Ends, EVERY_WAY) {
  Ends way;
  auto& [from, to] = way;
  fill(from);
  const Shown before = show(from);
  const auto report = move(from, to, kUnbroken);
  REQUIRE_MESSAGE(report.has_value(), report.error().detail);
  CHECK(report->secrets == kSecrets);
  CHECK(report->events == 4);
  CHECK_FALSE(report->resumed);
  CHECK(show(to) == before);
  CHECK_FALSE(serves(from));
}

TEST_CASE("store move: in the folder that was left no file holds anything of a secret") {
  const auto found = [](const FolderPlace& place, std::string_view what) {
    for (const auto& file : std::filesystem::directory_iterator(place.folder.path())) {
      std::ifstream in(file.path(), std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      if (content.find(what) != std::string::npos) {
        return true;
      }
    }
    return false;
  };
  FolderPlace from;
  FolderPlace to;
  fill(from);
  const std::string payload(100, 'p');
  CHECK((found(from, payload) && found(from, "spent")));
  REQUIRE(move(from, to, kUnbroken).has_value());
  CHECK_FALSE(found(from, payload));
  CHECK_FALSE(found(from, "spent"));
  CHECK(found(to, payload));
}

TEST_CASE_TEMPLATE("store move: broken off at any step it serves nowhere until it has ended, and loses nothing", Ends,
                   EVERY_WAY) {
  int step = 0;
  for (bool ended = false; !ended; ++step) {
    CAPTURE(step);
    Ends way;
    auto& [from, to] = way;
    fill(from);
    const Shown before = show(from);
    ended = move(from, to, step).has_value();
    const bool only_begun = step < 2;  // the source serves until it says that it leaves
    CHECK(serves(from) == (!ended && only_begun));
    if (!serves(from)) {
      const Result<MoveReport> again = move(from, to, kUnbroken);
      REQUIRE_MESSAGE(again.has_value(), again.error().detail);
      CHECK(again->resumed);
      CHECK(show(to) == before);
      CHECK_FALSE(serves(from));
    } else {
      CHECK(show(from) == before);
    }
  }
  CHECK(step > 8);
}

TEST_CASE("store move: what cannot be moved is refused, and nothing is changed") {
  FolderPlace empty;
  FolderPlace full;
  FolderPlace other;
  fill(full);
  fill(other);
  const Shown before = show(full);
  CHECK(move(empty, full, kUnbroken).error().code == Errc::kNotFound);
  CHECK(move(full, other, kUnbroken).error().code == Errc::kInvalidArgument);
  CHECK(show(full) == before);
  CHECK(show(other) == before);

  FolderPlace target;
  FolderPlace elsewhere;
  REQUIRE_FALSE(move(full, target, 4).has_value());
  CHECK(move(full, other, kUnbroken).error().code == Errc::kInvalidArgument);
  CHECK(show(other) == before);
  CHECK(move(target, elsewhere, kUnbroken).error().code == Errc::kInvalidArgument);
  REQUIRE(move(full, target, kUnbroken).has_value());
  CHECK(move(full, elsewhere, kUnbroken).error().code == Errc::kNotFound);
  CHECK(move(target, elsewhere, kUnbroken).has_value());
  CHECK(show(elsewhere) == before);
}

TEST_CASE_TEMPLATE("store move: a target that another source had only begun with is taken over, and not shared", Ends,
                   EVERY_WAY) {
  for (const int steps : {1, 2}) {
    CAPTURE(steps);
    Ends way;
    auto& [from, to] = way;
    FolderPlace first;
    fill(first);
    fill(from);
    const Shown before = show(from);
    REQUIRE_FALSE(move(first, to, steps).has_value());
    REQUIRE(move(from, to, kUnbroken).has_value());
    CHECK(move(first, to, kUnbroken).error().code == Errc::kInvalidArgument);
    CHECK(show(to) == before);
    FolderPlace elsewhere;
    REQUIRE(move(first, elsewhere, kUnbroken).has_value());
    CHECK(show(elsewhere) == before);
  }
}

TEST_CASE_TEMPLATE("store move: what is left goes to another target when the first was lost", Ends, EVERY_WAY) {
  Ends way;
  auto& [from, to] = way;
  fill(from);
  FolderPlace lost;
  REQUIRE_FALSE(move(from, lost, 4).has_value());  // two secrets are there already
  const Result<MoveReport> rest = move(from, to, kUnbroken);
  REQUIRE_MESSAGE(rest.has_value(), rest.error().detail);
  CHECK(rest->resumed);
  CHECK(rest->secrets == kSecrets - 2);
  CHECK(serves(to));
  CHECK(move(from, to, kUnbroken)->ended_before);
  CHECK(move(from, lost, kUnbroken).error().code == Errc::kNotFound);
  CHECK_FALSE(serves(lost));
}

}  // namespace disposable
