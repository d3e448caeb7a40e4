// Goal: an epoch is destroyed no sooner than the last secret that was created under it has expired.

#include "app/epoch_uses.h"

#include <doctest/doctest.h>

#include <fstream>

#include "support/temporary_folder.h"

namespace disposable {

namespace {

WallTime at(std::int64_t seconds) { return WallTime{std::chrono::seconds{seconds}}; }

}  // namespace

TEST_CASE("epoch uses: what is noted is read back, and the same again is not noted twice") {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "epochs";
  CHECK(read_epoch_uses(file).error().code == Errc::kNotFound);
  const std::vector<EpochUse> uses = {{1, at(100), std::chrono::seconds{60}},
                                      {1, at(200), std::chrono::seconds{90}},
                                      {2, at(300), std::chrono::seconds{60}}};
  for (const EpochUse& use : uses) {
    REQUIRE(note_epoch_use(file, use));
    EpochUse again = use;
    again.since += std::chrono::seconds{5};
    REQUIRE(note_epoch_use(file, again));
  }
  CHECK(read_epoch_uses(file).value() == uses);
  const Result<void> older = note_epoch_use(file, {1, at(400), std::chrono::seconds{60}});
  CHECK(older.error().code == Errc::kInvalidArgument);
  CHECK(older.error().detail.find("it lacks epoch 2") != std::string::npos);
  CHECK(read_epoch_uses(file).value() == uses);
}

TEST_CASE("epoch uses: a damaged line is refused, by reading and by noting") {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "epochs";
  for (const char* line : {"epoch", "epoch 1 since 5", "epoch x since 5 ttl-max 6", "epoch 1 until 5 ttl-max 6",
                           "epoch 1 since 5 ttl-max 6 7", "1 2 3"}) {
    CAPTURE(line);
    std::ofstream(file) << "epoch 1 since 5 ttl-max 6\n" << line << "\n";
    CHECK(read_epoch_uses(file).error().code == Errc::kCorrupt);
    CHECK(read_epoch_uses(file).error().detail.find("line 2") != std::string::npos);
    CHECK_FALSE(note_epoch_use(file, {2, at(9), std::chrono::seconds{6}}));
  }
}

TEST_CASE("epoch uses: an epoch is outlived the longest TTL after a later one came into use") {
  const std::vector<EpochUse> uses = {{1, at(100), std::chrono::seconds{60}},
                                      {1, at(150), std::chrono::seconds{1000}},
                                      {2, at(200), std::chrono::seconds{60}},
                                      {4, at(500), std::chrono::seconds{60}}};
  struct Row {
    std::uint32_t epoch;
    std::optional<WallTime> outlived;
  };
  for (const Row& row :
       {Row{1, at(1200)}, Row{2, at(1500)}, Row{3, at(1500)}, Row{4, std::nullopt}, Row{5, std::nullopt}}) {
    CAPTURE(row.epoch);
    CHECK(outlived_at(uses, row.epoch) == row.outlived);
  }
  CHECK_FALSE(outlived_at({}, 1));
}

}  // namespace disposable
