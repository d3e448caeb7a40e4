// The outbox of a Redis store: one stream for all nodes (redis_schema.h).

#include "store/redis/redis_client.h"
#include "store/redis/redis_store.h"

namespace disposable {

void RedisStore::note_events() {
  const MutexLock lock(outbox_mutex_);
  may_be_pending_ = true;
  appended_.notify_all();
}

Result<std::vector<OutboxEntry>> RedisStore::pending(std::uint64_t after_position, std::size_t limit) {
  if (limit == 0) {
    return std::vector<OutboxEntry>{};  // XRANGE takes no COUNT of 0
  }
  {
    // Before asking: what is added meanwhile counts.
    const MutexLock lock(outbox_mutex_);
    may_be_pending_ = false;
  }
  const bool shared = options_.sharing == Sharing::kShared;
  const Result<RedisReply> answer =
      client_->run(shared ? scripts_->show_shared : scripts_->show_own, {keys_.meta, keys_.outbox},
                   {options_.consumer, std::to_string(after_position), std::to_string(limit),
                    std::to_string(options_.stale_after.count())},
                   RedisClient::Confirm::kNo);
  if (!answer) {
    return fail(answer.error());
  }
  std::vector<OutboxEntry> found;
  for (const redisReply* const reply : reply_elements(**answer)) {
    Result<OutboxEntry> entry = parse_outbox_entry(*reply);
    if (!entry) {
      return fail(entry.error());
    }
    found.push_back(std::move(*entry));
  }
  if (!found.empty()) {
    note_events();
  }
  return found;
}

Result<void> RedisStore::acknowledge(const OutboxEntry& last) {
  const bool shared = options_.sharing == Sharing::kShared;
  const Result<RedisReply> answer = client_->run(
      shared ? scripts_->acknowledge_shared : scripts_->acknowledge_own, {keys_.meta, keys_.outbox},
      {options_.consumer, std::to_string(last.position), format_uuid(last.event.id.bytes)}, RedisClient::Confirm::kNo);
  if (!answer) {
    return fail(answer.error());
  }
  if (reply_text(**answer) == "UNKNOWN") {
    return fail(Errc::kInvalidArgument, "acknowledged an event that was never shown");
  }
  return {};
}

Result<std::optional<EventId>> RedisStore::last_acknowledged() {
  const bool shared = options_.sharing == Sharing::kShared;
  const auto replies =
      client_->ask({{"HGET", keys_.meta, shared ? "acknowledged" : "acknowledged:" + options_.consumer}});
  if (!replies) {
    return fail(replies.error());
  }
  if (is_nil(*replies->front())) {
    return std::optional<EventId>{};
  }
  const Result<EventId> id = parse_event_id(reply_text(*replies->front()));
  return id ? Result<std::optional<EventId>>(*id) : Result<std::optional<EventId>>(fail(id.error()));
}

void RedisStore::wait_pending(std::chrono::milliseconds timeout) {
  const MutexLock lock(outbox_mutex_);
  if (!may_be_pending_) {
    appended_.wait_for(outbox_mutex_, timeout);
  }
}

}  // namespace disposable
