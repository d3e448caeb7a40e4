// Goal: the keyring's file is made once, for its owner only, and never replaced; a doubtful one is refused.

#include "app/key_file.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

#include "support/fakes.h"
#include "support/temporary_folder.h"

namespace disposable {

namespace {

void write_file(const std::filesystem::path& path, std::string_view content, mode_t mode = 0600) {
  std::ofstream(path, std::ios::binary) << content;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
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
  CHECK(create_key_file(path, random).error().code == Errc::kAlreadyExists);
  CHECK(read_key_file(path)->check_value() == before);
}

TEST_CASE("key file: of many processes that create it at once one wins, and the file is the winner's") {
  const TemporaryFolder folder;
  SystemRandom random;
  for (int round = 0; round < 20; ++round) {
    const std::filesystem::path path = folder.path() / std::to_string(round);
    std::mutex mutex;
    std::vector<std::array<std::uint8_t, 16>> winners;
    {
      std::latch start(6);
      std::vector<std::jthread> processes;
      for (int i = 0; i < 6; ++i) {
        processes.emplace_back([&] {
          start.arrive_and_wait();
          const Result<Keyring> created = create_key_file(path, random);
          if (created) {
            const std::lock_guard lock(mutex);
            winners.push_back(created->check_value());
          }
        });
      }
    }
    REQUIRE(winners.size() == 1);
    CHECK(read_key_file(path)->check_value() == winners.front());
  }
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

TEST_CASE("key file: what it holds is replaced in place, and who has it open sees that") {
  const TemporaryFolder folder;
  SeededRandom random(1);
  const std::filesystem::path path = folder.path() / "keyring";
  REQUIRE(create_key_file(path, random));
  Result<KeyFile> opened = open_key_file(path);
  REQUIRE(opened);
  const std::string old_content = content_of(path);
  Keyring& keyring = opened->keyring;
  REQUIRE(keyring.begin_epoch(random));
  keyring.destroy_epochs_before(2);
  const std::string new_content(as_text(keyring.serialize().expose()));
  REQUIRE(replace_key_file(path, keyring));
  CHECK(content_of(path) == new_content);
  CHECK(reread_key_file(opened->file)->epochs() == std::vector<std::uint32_t>{2});
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("key file: cut off anywhere while it is replaced, it is the old keyring or the new one") {
  const TemporaryFolder folder;
  SeededRandom random(1);
  const std::filesystem::path path = folder.path() / "keyring";
  Keyring keyring = create_key_file(path, random).value();
  const std::string old_content = content_of(path);
  REQUIRE(keyring.begin_epoch(random));
  const std::string new_content(as_text(keyring.serialize().expose()));
  for (std::size_t i = 0; i <= new_content.size(); ++i) {
    CAPTURE(i);
    // While the draft is written, and while what it holds is written over the file.
    write_file(path, old_content);
    write_file(folder.path() / "keyring.draft", new_content.substr(0, i));
    CHECK(read_key_file(path)->current_epoch() == 1);
    write_file(folder.path() / "keyring.draft", new_content);
    const std::string rest = i < old_content.size() ? old_content.substr(i) : std::string{};
    write_file(path, new_content.substr(0, i) + rest);
    const std::uint32_t epoch = read_key_file(path)->current_epoch();
    CHECK((epoch == 2 || (epoch == 1 && content_of(path) == old_content)));
  }
  REQUIRE(replace_key_file(path, keyring));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "keyring.draft"));
}

TEST_CASE("key file: however often a replacement is interrupted, also one that mends another, a keyring is left") {
  const TemporaryFolder folder;
  SeededRandom random(1);
  const std::filesystem::path path = folder.path() / "keyring";
  Keyring keyring = create_key_file(path, random).value();
  REQUIRE(keyring.begin_epoch(random));
  REQUIRE(keyring.begin_epoch(random));
  const std::string whole(as_text(keyring.serialize().expose()));
  // A process that may write files of `limit` bytes only, as on a disk that is full.
  const auto replace_within = [&path](const Keyring& with, rlim_t limit) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit sizes{limit, limit};
      ::setrlimit(RLIMIT_FSIZE, &sizes);
      ::_exit(replace_key_file(path, with) ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return status == 0;
  };
  for (std::size_t limit = 1; limit <= whole.size() + 16; limit += 7) {
    CAPTURE(limit);
    // As a crash in the middle of writing over the file has left it.
    write_file(folder.path() / "keyring.draft", whole);
    write_file(path, whole.substr(0, whole.size() / 2));
    Keyring next = read_key_file(path).value();
    next.destroy_epochs_before(3);
    replace_within(next, limit);
    const Result<Keyring> after = read_key_file(path);
    REQUIRE_MESSAGE(after, after.error().detail);
    CHECK(after->current_epoch() == 3);
    REQUIRE(replace_within(next, RLIM_INFINITY));
    CHECK(read_key_file(path)->epochs() == std::vector<std::uint32_t>{3});
    CHECK_FALSE(std::filesystem::exists(folder.path() / "keyring.draft"));
  }
}

TEST_CASE("key file: only one process at a time may change it") {
  const TemporaryFolder folder;
  SeededRandom random(1);
  const std::filesystem::path path = folder.path() / "keyring";
  CHECK_FALSE(lock_key_file(path));
  REQUIRE(create_key_file(path, random));
  {
    const Result<FileDescriptor> held = lock_key_file(path);
    REQUIRE(held);
    CHECK(lock_key_file(path).error().code == Errc::kUnavailable);
  }
  CHECK(lock_key_file(path));
}

}  // namespace disposable
