// Goal: the keyring's file is made once, for its owner only, and never replaced; a doubtful one is refused.

#include "app/key_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "support/fakes.h"
#include "support/temporary_folder.h"

namespace disposable {

namespace {

void write_file(const std::filesystem::path& path, std::string_view content, mode_t mode = 0600) {
  std::ofstream(path, std::ios::binary) << content;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

}  // namespace

TEST_CASE("key file: what is created is read back, mode 0600, in a folder that need not exist") {
  const TemporaryFolder folder;
  SeededRandom random(1);
  const std::filesystem::path path = folder.path() / "a" / "b" / "keyring";
  const Result<Keyring> created = create_key_file(path, random);
  REQUIRE(created);
  const Result<Keyring> read = read_key_file(path);
  REQUIRE(read);
  CHECK(read->check_value() == created->check_value());
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}) == 1);
}

TEST_CASE("key file: an existing one is never replaced") {
  const TemporaryFolder folder;
  SeededRandom random(1);
  const std::filesystem::path path = folder.path() / "keyring";
  REQUIRE(create_key_file(path, random));
  const auto before = read_key_file(path)->check_value();
  CHECK_FALSE(create_key_file(path, random));
  CHECK(read_key_file(path)->check_value() == before);
}

TEST_CASE("key file: a half-written draft of a crash is no obstacle") {
  const TemporaryFolder folder;
  SeededRandom random(1);
  write_file(folder.path() / "keyring.new", "disposable-secr");
  CHECK(create_key_file(folder.path() / "keyring", random));
}

TEST_CASE("key file: a missing, open, damaged or strange one is refused with its reason") {
  const TemporaryFolder folder;
  SeededRandom random(1);
  const std::filesystem::path good = folder.path() / "good";
  REQUIRE(create_key_file(good, random));
  CHECK(read_key_file(folder.path() / "missing").error().code == Errc::kNotFound);
  CHECK(read_key_file(folder.path()).error().code == Errc::kInvalidArgument);
  write_file(folder.path() / "empty", "");
  CHECK(read_key_file(folder.path() / "empty").error().code == Errc::kCorrupt);
  write_file(folder.path() / "large", std::string(100'000, 'x'));
  CHECK(read_key_file(folder.path() / "large").error().code == Errc::kCorrupt);
  struct Row {
    mode_t mode;
    bool accepted;
  };
  for (const Row row : {Row{0600, true}, Row{0400, true}, Row{0440, true}, Row{0640, true}, Row{0644, false},
                        Row{0660, false}, Row{0604, false}, Row{0602, false}}) {
    CAPTURE(row.mode);
    REQUIRE(::chmod(good.c_str(), row.mode) == 0);
    CHECK(read_key_file(good).has_value() == row.accepted);
  }
}

}  // namespace disposable
