#include "store/rocksdb/versions.h"

#include <bzlib.h>
#include <lz4.h>
#include <rocksdb/version.h>
#include <snappy-stubs-public.h>
#include <zlib.h>
#include <zstd.h>

namespace disposable {

std::vector<std::pair<std::string, std::string>> rocksdb_versions() {
  const auto dotted = [](int major, int minor, int patch) {
    return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  };
  return {
      {"rocksdb", dotted(ROCKSDB_MAJOR, ROCKSDB_MINOR, ROCKSDB_PATCH)},
      {"snappy", dotted(SNAPPY_MAJOR, SNAPPY_MINOR, SNAPPY_PATCHLEVEL)},
      {"lz4", LZ4_versionString()},
      {"zstd", ZSTD_versionString()},
      {"zlib", zlibVersion()},
      {"bzip2", BZ2_bzlibVersion()},
  };
}

}  // namespace disposable
