// EntryCache: the newest state of the records somebody touched lately, some of it not on disk yet.
//
// Bounded in bytes, except for what is not settled: that is kept whatever it takes, because nobody else knows it.
// Thread-compatible: each stripe of the store has one, under its mutex.

#pragma once

#include <list>
#include <memory>
#include <unordered_map>

#include "core/store.h"

namespace disposable {

struct CachedEntry {
  enum class PayloadPlace : std::uint8_t { kOnDisk, kHere, kNone };

  bool exists = true;  // false: purged
  std::uint64_t version = 0;
  Entry entry{};
  PayloadPlace payload_place = PayloadPlace::kOnDisk;
  std::uint64_t payload_bytes = 0;         // its size, wherever it is; 0 when there is none
  std::shared_ptr<const Bytes> payload{};  // shared with the change that is on its way to disk
  CommitSequence sequence = 0;             // of the change that made this state; 0: it was read from disk
};

class EntryCache {
 public:
  explicit EntryCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Null when nothing is known of `id`. Good until the next call of anything else.
  const CachedEntry* find(const StoreId& id);
  // Running out of memory here ends the process: a cache that lags behind what is decided would let a second one win.
  const CachedEntry* put(const StoreId& id, CachedEntry entry) noexcept;

  // Drops what has been idle longest until the rest fits; and large payloads at once, since the disk has them and each
  // takes the place of hundreds of records. Only entries with a sequence up to `settled`.
  void trim(CommitSequence settled);
  void clear();

  std::size_t bytes() const { return bytes_; }
  // Whether trim() will have something to do once everything is settled.
  bool wants_trim() const { return bytes_ > bytes_max_ || large_payloads_ > 0; }

 private:
  struct Node {
    StoreId id;
    CachedEntry entry;
  };
  // Ids are keyed hashes: any eight bytes of them are as good as a hash.
  struct IdHash {
    std::size_t operator()(const StoreId& id) const;
  };

  static std::size_t size_of(const CachedEntry& entry);
  static bool has_large_payload(const CachedEntry& entry);
  void count_in(const CachedEntry& entry);
  void count_out(const CachedEntry& entry);

  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::size_t large_payloads_ = 0;
  std::list<Node> nodes_;  // most recently used first
  std::unordered_map<StoreId, std::list<Node>::iterator, IdHash> index_;
};

}  // namespace disposable
