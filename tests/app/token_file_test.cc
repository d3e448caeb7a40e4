// Goal: what is in the token file comes back or is refused, whoever writes it at the same time, and nobody else reads
// it.

#include "app/token_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <latch>
#include <set>
#include <thread>

#include "http/creators_fixture.h"
#include "support/temporary_folder.h"

namespace disposable {

namespace {

WallTime at(std::int64_t seconds) { return WallTime{std::chrono::seconds{seconds}}; }

StoredToken stored(std::uint64_t seed, std::string name = {}) {
  return {TestToken(seed).stored, std::move(name), at(5)};
}

Result<void> add(const std::filesystem::path& path, const StoredToken& token) {
  return change_token_file(path, [&token](std::vector<StoredToken>& tokens) -> Result<void> {
    tokens.push_back(token);
    return {};
  });
}

std::vector<std::string> ids_in(const std::filesystem::path& path) {
  const Result<std::vector<StoredToken>> tokens = read_token_file(path);
  REQUIRE(tokens);
  std::vector<std::string> ids;
  for (const StoredToken& each : *tokens) {
    ids.push_back(each.token.id);
  }
  return ids;
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

void write_file(const std::filesystem::path& path, std::string_view content, mode_t mode = 0600) {
  std::ofstream(path, std::ios::binary) << content;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

}  // namespace

TEST_CASE("token file: what is written is read back") {
  StoredToken full = stored(1, "CI of J\xc3\xbcrgen, \"main\"");
  full.token.expires_at = at(2'000'000'000);
  full.token.creates_per_minute = 1'000'000;
  full.token.bytes_per_day = 1ULL << 40U;
  const std::vector<StoredToken> tokens = {full, stored(2), stored(3, "-")};
  const Result<std::vector<StoredToken>> read = parse_tokens(format_tokens(tokens));
  REQUIRE(read);
  REQUIRE(read->size() == 3);
  CHECK((*read)[0].token.id == full.token.id);
  CHECK((*read)[0].token.digest.bytes == full.token.digest.bytes);
  CHECK((*read)[0].token.expires_at == full.token.expires_at);
  CHECK((*read)[0].token.creates_per_minute == full.token.creates_per_minute);
  CHECK((*read)[0].token.bytes_per_day == full.token.bytes_per_day);
  CHECK((*read)[0].name == full.name);
  CHECK((*read)[0].created_at == at(5));
  CHECK_FALSE((*read)[1].token.expires_at);
  CHECK((*read)[1].token.creates_per_minute == 0);
  CHECK((*read)[1].name.empty());
  CHECK((*read)[2].name.empty());
  CHECK(parse_tokens(format_tokens({}))->empty());
}

TEST_CASE("token file: what is damaged is refused with its line") {
  const std::string good = format_tokens({stored(1, "a name")});
  const std::string line = good.substr(good.find('\n') + 1);
  const auto with = [&good](std::string_view old, std::string_view fresh) {
    std::string text = good;
    const std::size_t found = text.find(old);
    REQUIRE(found != std::string::npos);
    return text.replace(found, old.size(), fresh);
  };
  struct Row {
    std::string text;
    int line;
  };
  const std::vector<Row> rows = {
      {"", 1},
      {"\n", 1},
      {"disposable-secrets tokens 1", 1},
      {with("tokens 1", "tokens 2"), 1},
      {line, 1},
      {good.substr(0, good.size() - 1), 2},
      {good + "\n", 3},
      {good + line, 3},  // twice
      {good + "# a comment\n", 3},
      {with("token ", "token  "), 2},
      {with(" digest", "0 digest"), 2},   // the id is not the digest's
      {with("digest ", "digest 00"), 2},  // too long
      {with("digest ", "digest zz"), 2},
      {with("created 5", "created -5"), 2},
      {with("created 5", "created"), 2},
      {with("expires 0", "expires soon"), 2},
      {with("rate 0", "rate 0x1"), 2},
      {with("bytes 0", "bytes 9999999999999999999999"), 2},
      {with("bytes 0", "bytes 0 bytes 0"), 2},
      {with("name a name", "name a\x01name"), 2},
      {with("name a name", "name \xff"), 2},
      {with(" name a name", ""), 2},
      {with("a name", std::string(65, 'x')), 2},
  };
  CHECK(parse_tokens(good));
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto read = parse_tokens(row.text);
    CHECK(read.error().code == Errc::kCorrupt);
    CHECK(read.error().detail == "line " + std::to_string(row.line) + " is damaged");
  }
}

TEST_CASE("token file: none is no tokens; one that others may read, or that is damaged, is refused and stays") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "tokens";
  CHECK(ids_in(path).empty());
  const std::string good = format_tokens({stored(1)});
  struct Row {
    std::string content;
    mode_t mode;
    Errc code;
  };
  for (const Row& row : {Row{good, 0644, Errc::kInvalidArgument}, Row{good, 0660, Errc::kInvalidArgument},
                         Row{good.substr(0, 40), 0600, Errc::kCorrupt}, Row{"", 0600, Errc::kCorrupt}}) {
    CAPTURE(row.mode);
    write_file(path, row.content, row.mode);
    const auto read = read_token_file(path);
    CHECK(read.error().code == row.code);
    CHECK(read.error().detail.find(path.string()) != std::string::npos);
    CHECK(add(path, stored(2)).error().code == row.code);
    CHECK(mode_of(path) == row.mode);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  }
  write_file(path, good, 0640);  // as systemd hands out credentials
  CHECK(ids_in(path).size() == 1);
}

TEST_CASE("token file: it is made for its owner, in a folder that need not exist, and keeps its mode") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "a" / "b" / "tokens";
  REQUIRE(add(path, stored(1)));
  CHECK(mode_of(path) == 0600);
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  REQUIRE(add(path, stored(2)));
  CHECK(mode_of(path) == 0640);
  CHECK(ids_in(path) == std::vector<std::string>{stored(1).token.id, stored(2).token.id});
  CHECK(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}) == 1);
}

TEST_CASE("token file: made by root it belongs to the owner of its folder, and replaced to its own") {
  if (::geteuid() != 0) {
    MESSAGE("only root can give files away");
    return;
  }
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "tokens";
  const auto owner = [&path] {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return std::pair(status.st_uid, status.st_gid);
  };
  REQUIRE(::chown(folder.path().c_str(), 4321, 1234) == 0);
  REQUIRE(add(path, stored(1)));
  CHECK(owner() == std::pair<uid_t, gid_t>(4321, 1234));
  REQUIRE(::chown(path.c_str(), 55, 66) == 0);
  REQUIRE(add(path, stored(2)));
  CHECK(owner() == std::pair<uid_t, gid_t>(55, 66));
}

TEST_CASE("token file: what lies in the way is not followed") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "tokens";
  const std::filesystem::path draft = folder / "tokens.draft";
  const std::filesystem::path victim = folder / "victim";
  write_file(victim, "precious");
  std::filesystem::create_symlink(victim, draft);
  CHECK_FALSE(add(path, stored(1)));
  std::filesystem::remove(draft);
  std::filesystem::create_hard_link(victim, draft);
  CHECK_FALSE(add(path, stored(1)));
  std::filesystem::remove(draft);
  REQUIRE(::mkfifo(draft.c_str(), 0600) == 0);
  CHECK_FALSE(add(path, stored(1)));
  std::filesystem::remove(draft);
  std::filesystem::create_symlink(folder / "elsewhere", path);
  CHECK_FALSE(add(path, stored(1)));
  CHECK_FALSE(std::filesystem::exists(folder / "elsewhere"));
  std::filesystem::remove(path);
  std::ifstream file(victim);
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == "precious");
  if (::geteuid() == 0) {
    write_file(draft, "");
    REQUIRE(::chown(draft.c_str(), 4321, 4321) == 0);
    CHECK_FALSE(add(path, stored(1)));
    std::filesystem::remove(draft);
  }
  write_file(draft, "left by a crash, and longer than what is written over it: " + std::string(500, 'x'));
  REQUIRE(add(path, stored(1)));
  CHECK(ids_in(path) == std::vector<std::string>{stored(1).token.id});
}

TEST_CASE("token file: of many changes at once none is lost, and a reader always sees a whole file") {
  constexpr std::uint64_t kThreads = 8;
  constexpr std::uint64_t kEach = 10;
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "tokens";
  std::latch begin(kThreads + 1);
  std::atomic<int> failures{0};
  std::vector<std::jthread> threads;
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      begin.arrive_and_wait();
      for (std::uint64_t i = 0; i < kEach; ++i) {
        failures += add(path, stored(thread * kEach + i)) ? 0 : 1;
      }
    });
  }
  threads.emplace_back([&] {
    begin.arrive_and_wait();
    for (int i = 0; i < 200; ++i) {
      failures += read_token_file(path) ? 0 : 1;
    }
  });
  threads.clear();
  CHECK(failures == 0);
  const std::vector<std::string> ids = ids_in(path);
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == kThreads * kEach);
}

TEST_CASE("token file: a watch sees each change, and keeps quiet without one") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "tokens";
  TokenFileWatch watch(path);
  REQUIRE(watch.read());
  CHECK_FALSE(watch.changed());
  REQUIRE(add(path, stored(1)));
  CHECK(watch.changed());
  const auto first = watch.read();
  REQUIRE(first);
  CHECK((*first)->find(TestToken(1).text) != nullptr);
  CHECK_FALSE(watch.changed());
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  CHECK(watch.changed());
  CHECK_FALSE(watch.read());
  CHECK_FALSE(watch.changed());
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  REQUIRE(add(path, stored(2)));
  CHECK(watch.changed());
  CHECK(watch.read().value()->all().size() == 2);
  std::filesystem::remove(path);
  CHECK(watch.changed());
  CHECK(watch.read().value()->all().empty());
}

}  // namespace disposable
