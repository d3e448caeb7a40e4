// Every RocksDB setting that matters here, each with its reason (design section 5, reference/security.md 2.2).

#pragma once

#include <rocksdb/db.h>

#include <vector>

namespace disposable {

struct RocksDbSettings {
  rocksdb::DBOptions database;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;  // in the order of Family
};

// `env` null: the machine's file system.
RocksDbSettings rocksdb_settings(rocksdb::Env* env);

}  // namespace disposable
