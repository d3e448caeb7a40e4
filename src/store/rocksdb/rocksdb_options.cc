#include "store/rocksdb/rocksdb_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "store/rocksdb/schema.h"

namespace disposable {

namespace {

constexpr std::size_t kMebibyte = 1024UL * 1024;

// RocksDB's own log is dropped: what fails reaches the operator through Status, and a LOG file for each of many reopens
// on a full disk would only fill it further.
class QuietLogger final : public rocksdb::Logger {
 public:
  QuietLogger() : Logger(rocksdb::InfoLogLevel::FATAL_LEVEL) {}
  using Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

// After an error the store closes and opens the database itself, so that recovery decides what is on disk. RocksDB must
// not resume behind its back; besides, in 7.8.3 its resuming races with closing (fixed in 8.8).
class NoResume final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status /*error*/,
                            bool* resume) override {
    *resume = false;
  }
};

rocksdb::DBOptions database_settings(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  if (env != nullptr) {
    options.env = env;
  }
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;

  // A spent secret must not come back to life. The default recovery mode silently rolls back to a flipped bit; this one
  // accepts only a torn tail, which is a write that was never acknowledged.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // In 7.8.3 closed logs only. Its known false alarm (PR 10892) needs a manifest that rolls over while running, which
  // happens after 1 GiB of manifest.
  options.track_and_verify_wals_in_manifest = true;
  options.recycle_log_file_num = 0;
  options.manual_wal_flush = false;
  // With space allocated ahead, a power cut can leave a last record whose length is on disk and whose pages are not;
  // the recovery mode above accepts a log that is cut short, but not one with a hole.
  options.allow_fallocate = false;
  options.enable_pipelined_write = false;
  options.unordered_write = false;
  options.avoid_flush_during_recovery = false;
  options.max_bgerror_resume_count = 0;
  options.listeners.push_back(std::make_shared<NoResume>());

  // Bounds the log to replay at start (1,000,000 secrets in under a second) and what memtables hold in all.
  options.max_total_wal_size = 32 * kMebibyte;
  options.db_write_buffer_size = 32 * kMebibyte;
  options.max_open_files = 256;
  // With more, RocksDB aborts the process when the system refuses one of them a thread.
  options.max_file_opening_threads = 1;
  options.skip_stats_update_on_db_open = true;
  options.max_background_jobs = 2;
  // What a flush writes goes to the disk bit by bit, so that no fsync of the log has to wait for all of it.
  options.bytes_per_sync = kMebibyte;

  options.info_log = std::make_shared<QuietLogger>();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ColumnFamilyOptions family_settings(Family family, const std::shared_ptr<rocksdb::Cache>& cache) {
  const bool by_id = family == Family::kRecords || family == Family::kPayloads;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  // Every lookup asks every file of level 0, of which there are a few, and none of them large.
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  if (by_id) {
    // Every insert and every guess at a key asks for a record that is not there.
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  }

  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kNoCompression;  // ciphertext and random keys
  options.write_buffer_size = 16 * kMebibyte;
  if (by_id) {
    options.memtable_prefix_bloom_size_ratio = 0.02;
    options.memtable_whole_key_filtering = true;
  } else {
    // Keys that begin with a time or a position arrive nearly in order: start looking where the last one went.
    options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(2));
  }
  options.arena_block_size = 64UL * 1024;  // the default, 1 MiB in each family, is most of an idle process
  return options;
}

}  // namespace

RocksDbSettings rocksdb_settings(rocksdb::Env* env) {
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(32 * kMebibyte, /*num_shard_bits=*/2);
  RocksDbSettings settings;
  settings.database = database_settings(env);
  for (std::size_t i = 0; i < kFamilyNames.size(); ++i) {
    settings.families.emplace_back(kFamilyNames[i], family_settings(static_cast<Family>(i), cache));
  }
  return settings;
}

}  // namespace disposable
