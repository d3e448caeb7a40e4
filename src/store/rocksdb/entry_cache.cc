#include "store/rocksdb/entry_cache.h"

#include <cstring>

namespace disposable {

namespace {

constexpr std::size_t kLargePayload = 16UL * 1024;
// List node, index node, bucket and allocator headers, measured with a million entries.
constexpr std::size_t kOverhead = 320;

}  // namespace

const CachedEntry* EntryCache::find(const StoreId& id) {
  const auto found = index_.find(id);
  if (found == index_.end()) {
    return nullptr;
  }
  nodes_.splice(nodes_.begin(), nodes_, found->second);
  return &found->second->entry;
}

const CachedEntry* EntryCache::put(const StoreId& id, CachedEntry entry) noexcept {
  const auto found = index_.find(id);
  if (found == index_.end()) {
    nodes_.push_front({id, std::move(entry)});
    index_.emplace(id, nodes_.begin());
  } else {
    count_out(found->second->entry);
    found->second->entry = std::move(entry);
    nodes_.splice(nodes_.begin(), nodes_, found->second);
  }
  count_in(nodes_.front().entry);
  return &nodes_.front().entry;
}

void EntryCache::trim(CommitSequence settled) {
  auto next = nodes_.end();
  while (wants_trim() && next != nodes_.begin()) {
    const auto node = --next;
    CachedEntry& entry = node->entry;
    if (entry.sequence > settled) {
      continue;
    }
    if (has_large_payload(entry)) {
      count_out(entry);
      entry.payload.reset();
      entry.payload_place = CachedEntry::PayloadPlace::kOnDisk;
      count_in(entry);
    }
    if (bytes_ > bytes_max_) {
      count_out(entry);
      index_.erase(node->id);
      next = nodes_.erase(node);
    }
  }
}

void EntryCache::clear() {
  index_.clear();
  nodes_.clear();
  bytes_ = 0;
  large_payloads_ = 0;
}

std::size_t EntryCache::IdHash::operator()(const StoreId& id) const {
  std::size_t hash = 0;
  std::memcpy(&hash, id.bytes.data() + id.bytes.size() - sizeof hash, sizeof hash);
  return hash;
}

std::size_t EntryCache::size_of(const CachedEntry& entry) {
  const std::size_t payload = entry.payload == nullptr ? 0 : entry.payload->size();
  return kOverhead + entry.entry.record.size() + payload;
}

bool EntryCache::has_large_payload(const CachedEntry& entry) {
  return entry.payload != nullptr && entry.payload->size() > kLargePayload;
}

void EntryCache::count_in(const CachedEntry& entry) {
  bytes_ += size_of(entry);
  if (has_large_payload(entry)) {
    ++large_payloads_;
  }
}

void EntryCache::count_out(const CachedEntry& entry) {
  bytes_ -= size_of(entry);
  if (has_large_payload(entry)) {
    --large_payloads_;
  }
}

}  // namespace disposable
