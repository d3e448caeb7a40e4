// Goal: the operator is told of every file that is open to others, and of nothing else.

#include "app/process.h"

#include <doctest/doctest.h>
#include <malloc.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "crypto/secret_bytes.h"
#include "support/temporary_folder.h"

namespace disposable {

TEST_CASE("memory: a large block goes back to the system, also when one was freed before") {
  return_freed_memory();
  constexpr std::size_t kBytes = 25UL * 1024 * 1024;
  const std::size_t before = ::mallinfo2().hblkhd;
  {
    const SecretBytes first(kBytes);
    if (::mallinfo2().hblkhd < before + kBytes) {
      return;  // a sanitizer's allocator
    }
  }
  CHECK(::mallinfo2().hblkhd == before);
  const SecretBytes second(kBytes);
  CHECK(::mallinfo2().hblkhd >= before + kBytes);
}

TEST_CASE("descriptors: connections leave the store 512, or half of what there is") {
  CHECK(connections_within(64) == 32);
  CHECK(connections_within(1000) == 500);
  CHECK(connections_within(1024) == 512);
  CHECK(connections_within(20'000) == 19'488);
}

TEST_CASE("hygiene: files that are open to others are warned of, those for owner and group readers are not") {
  const TemporaryFolder folder;
  ServeOptions options;
  options.paths.data_dir = folder / "data";
  options.config = folder / "config";
  options.tls_key = folder / "key";
  const auto warned_of = [&](const std::filesystem::path& path) {
    const std::vector<HygieneWarning> warnings = hygiene_warnings(options);
    return std::count_if(warnings.begin(), warnings.end(),
                         [&](const HygieneWarning& warning) { return warning.file == path.string(); });
  };
  for (const std::string& missing : {options.paths.data_dir.string(), options.config, options.tls_key}) {
    CHECK(warned_of(missing) == 0);
  }
  REQUIRE(std::filesystem::create_directory(options.paths.data_dir));
  std::ofstream(options.config) << "workers=1\n";
  std::ofstream(options.tls_key) << "key\n";
  struct Row {
    mode_t mode;
    int data_dir;
    int config;
    int tls_key;
  };
  for (const Row& row : {Row{0700, 0, 0, 0}, Row{0750, 0, 0, 0}, Row{0744, 1, 0, 1}, Row{0720, 1, 1, 1},
                         Row{0702, 1, 1, 1}, Row{0701, 1, 0, 1}}) {
    CAPTURE(row.mode);
    for (const std::string& path : {options.paths.data_dir.string(), options.config, options.tls_key}) {
      REQUIRE(::chmod(path.c_str(), row.mode) == 0);
    }
    CHECK(warned_of(options.paths.data_dir) == row.data_dir);
    CHECK(warned_of(options.config) == row.config);
    CHECK(warned_of(options.tls_key) == row.tls_key);
  }
}

}  // namespace disposable
