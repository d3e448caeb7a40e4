// Versions of RocksDB and of the libraries it brings, for `version --json`.

#pragma once

#include <string>
#include <utility>
#include <vector>

namespace disposable {

std::vector<std::pair<std::string, std::string>> rocksdb_versions();

}  // namespace disposable
