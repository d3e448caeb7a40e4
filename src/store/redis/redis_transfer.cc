#include "store/redis/redis_transfer.h"

#include <algorithm>

namespace disposable {

namespace {

// Large payloads are moved a few at a time.
constexpr std::size_t kPayloadBytes = 8UL << 20U;
constexpr std::size_t kOnce = 100;

std::string number(std::int64_t value) { return std::to_string(value); }

Bytes to_bytes(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

}  // namespace

Result<std::unique_ptr<RedisTransfer>> RedisTransfer::open(RedisUrl url, bool accept_data_loss, Random& random) {
  const Result<void> password = read_redis_password(url);
  if (!password) {
    return fail(password.error());
  }
  std::unique_ptr<RedisTransfer> transfer(new RedisTransfer(std::move(url)));
  RedisPool::Options options{{transfer->url_, transfer->keys_.meta, {}, accept_data_loss, /*in_a_move=*/true}, 1, {}};
  Result<std::unique_ptr<RedisPool>> pool = RedisPool::make(std::move(options));
  if (!pool) {
    return fail(pool.error());
  }
  transfer->pool_ = std::move(*pool);
  transfer->client_ = std::make_unique<RedisClient>(*transfer->pool_, transfer->url_);
  std::array<std::uint8_t, 16> name{};
  random.fill(name);
  transfer->runner_ = to_hex(name);
  Result<void> ready = transfer->client_->look();
  if (ready) {
    ready = transfer->demand_all_replicas();
  }
  const Result<std::optional<std::string>> before = ready ? transfer->field("runner") : fail(ready.error());
  if (!before) {
    return fail(before.error());
  }
  transfer->runner_before_ = before->value_or("");
  return transfer;
}

// A replica that lacks a step of the move, and takes over, would serve what was moved already.
Result<void> RedisTransfer::demand_all_replicas() {
  const auto replies = client_->ask({{"INFO", "replication"}});
  if (!replies) {
    return fail(replies.error());
  }
  const std::int64_t connected =
      parse_redis_number(redis_info_field(reply_text(*replies->front()), "connected_slaves")).value_or(0);
  const Result<std::int64_t> known = count_redis_replicas(url_);
  if (!known) {
    return fail(known.error());
  }
  if (connected < *known) {
    return fail(Errc::kUnavailable, "the Sentinels know " + std::to_string(*known) + " replicas of " + name() +
                                        ", but " + std::to_string(connected) +
                                        " are connected; another could bring the old store back: mend or reset it");
  }
  url_.replicas = std::max(url_.replicas, static_cast<int>(connected));
  return {};
}

Result<std::optional<std::string>> RedisTransfer::field(const char* name) {
  const auto replies = client_->ask({{"HGET", keys_.meta, name}});
  if (!replies) {
    return fail(replies.error());
  }
  return is_nil(*replies->front()) ? std::nullopt : std::optional<std::string>(reply_text(*replies->front()));
}

Result<std::optional<std::array<std::uint8_t, 16>>> RedisTransfer::keyring_check() {
  const Result<std::optional<std::string>> format = field("format");
  const Result<std::optional<std::string>> held = format ? field("check") : fail(format.error());
  if (!held) {
    return fail(held.error());
  }
  if (!format->has_value()) {
    return std::nullopt;
  }
  if (**format != kRedisFormat && **format != kRedisMovingFormat) {
    return fail(Errc::kInvalidArgument, "the store of " + name() + " was written by another version of this program");
  }
  std::array<std::uint8_t, 16> check{};
  const Result<Bytes> bytes = from_hex(held->value_or(""));
  if (!bytes || bytes->size() != check.size()) {
    return fail(Errc::kCorrupt, "the store of " + name() + " does not say whose it is");
  }
  std::copy(bytes->begin(), bytes->end(), check.begin());
  return check;
}

Result<MoveState> RedisTransfer::move_state() {
  const Result<std::optional<std::string>> held = field("move");
  if (!held) {
    return fail(held.error());
  }
  return held->has_value() ? move_state_from(**held) : MoveState{};
}

Result<bool> RedisTransfer::empty() {
  const auto replies = client_->ask({{"ZCARD", keys_.due}, {"XLEN", keys_.outbox}});
  return replies ? Result<bool>(reply_number(*replies->front()) + reply_number(*replies->back()) == 0)
                 : fail(replies.error());
}

Result<StoreTotals> RedisTransfer::totals() {
  const Result<std::optional<std::string>> live = field("live");
  const Result<std::optional<std::string>> bytes = live ? field("bytes") : fail(live.error());
  if (!bytes) {
    return fail(bytes.error());
  }
  return StoreTotals{parse_redis_number(live->value_or("0")).value_or(0),
                     static_cast<std::uint64_t>(parse_redis_number(bytes->value_or("0")).value_or(0))};
}

Result<std::optional<EventId>> RedisTransfer::last_acknowledged() {
  const Result<std::optional<std::string>> held = field("acknowledged");
  if (!held || !held->has_value()) {
    return held ? Result<std::optional<EventId>>(std::nullopt) : fail(held.error());
  }
  const Result<EventId> id = parse_event_id(**held);
  return id ? Result<std::optional<EventId>>(*id) : fail(id.error());
}

Result<void> RedisTransfer::run(const RedisScript& script, std::vector<std::string> arguments,
                                const std::vector<std::string>& more_keys) {
  std::vector<std::string> keys{keys_.meta, keys_.due, keys_.outbox};
  keys.insert(keys.end(), more_keys.begin(), more_keys.end());
  arguments.insert(arguments.begin(), runner_);
  const Result<RedisReply> answer = client_->run(script, keys, std::move(arguments), RedisClient::Confirm::kYes);
  if (!answer) {
    return fail(answer.error());
  }
  const std::string_view word = reply_text(**answer);
  if (word == "OK") {
    return {};
  }
  return fail(Errc::kUnavailable, word == "HOLDS" ? name() + " still holds something that was not moved"
                                                  : "another migrate goes on with this move, or a service uses " +
                                                        name() + " since; see how that ends");
}

Result<void> RedisTransfer::say(MoveState::Role role, const std::string& move, const std::string& check) {
  return run(scripts_.begin, {runner_before_, check, to_text({role, move})});
}

Result<void> RedisTransfer::begin_arriving(const std::array<std::uint8_t, 16>& keyring_check, const std::string& move) {
  return say(MoveState::Role::kArriving, move, to_hex(keyring_check));
}

Result<void> RedisTransfer::begin_leaving(const std::string& move) {
  const Result<std::optional<std::string>> check = field("check");
  return check ? say(MoveState::Role::kLeaving, move, check->value_or("")) : fail(check.error());
}

Result<void> RedisTransfer::end_arriving(const StoreTotals& totals, const std::optional<EventId>& last_acknowledged) {
  const Result<MoveState> state = move_state();
  if (!state) {
    return fail(state.error());
  }
  return run(scripts_.end_arriving,
             {to_text({MoveState::Role::kNone, state->move}), number(totals.live_secrets),
              std::to_string(totals.payload_bytes), last_acknowledged ? format_uuid(last_acknowledged->bytes) : ""});
}

Result<void> RedisTransfer::end_leaving() {
  const Result<MoveState> state = move_state();
  return state ? run(scripts_.end_leaving, {to_text({MoveState::Role::kLeft, state->move})}) : fail(state.error());
}

Result<std::optional<StoredSecret>> RedisTransfer::find(const StoreId& id) {
  const auto replies = client_->ask({{"HMGET", keys_.secret(id), "v", "r", "d", "p"}});
  if (!replies) {
    return fail(replies.error());
  }
  const auto fields = reply_elements(*replies->front());
  if (fields.size() != 4 || is_nil(*fields[0])) {
    return std::nullopt;
  }
  const Result<std::int64_t> version = parse_redis_number(reply_text(*fields[0]));
  const Result<std::int64_t> due = parse_redis_number(reply_text(*fields[2]));
  if (!version || !due) {
    return fail(Errc::kCorrupt, "a stored secret does not decode");
  }
  StoredSecret secret{id,
                      static_cast<std::uint64_t>(*version),
                      {to_bytes(reply_text(*fields[1])), WallTime(std::chrono::milliseconds(*due))},
                      {}};
  if (!is_nil(*fields[3])) {
    secret.payload = to_bytes(reply_text(*fields[3]));
  }
  return secret;
}

// What Redis itself has expired is still in the schedule; erasing it there is all that is left to do.
Result<std::vector<StoredSecret>> RedisTransfer::some_secrets(std::size_t limit) {
  std::vector<StoredSecret> secrets;
  while (secrets.empty()) {
    const auto replies = client_->ask({{"ZRANGE", keys_.due, "0", std::to_string(std::min(limit, kOnce) - 1)}});
    if (!replies) {
      return fail(replies.error());
    }
    const auto members = reply_elements(*replies->front());
    if (members.empty()) {
      break;
    }
    std::size_t bytes = 0;
    std::vector<StoredSecret> expired;
    for (const redisReply* const member : members) {
      const Result<StoreId> id = parse_store_id(reply_text(*member));
      Result<std::optional<StoredSecret>> secret = id ? find(*id) : fail(id.error());
      if (!secret) {
        return fail(secret.error());
      }
      if (!secret->has_value()) {
        expired.push_back({*id, 0, {}, {}});
        continue;
      }
      bytes += (*secret)->payload ? (*secret)->payload->size() : 0;
      secrets.push_back(std::move(**secret));
      if (bytes >= kPayloadBytes) {
        break;
      }
    }
    const Result<void> erased = expired.empty() ? Result<void>{} : erase(expired);
    if (!erased) {
      return fail(erased.error());
    }
  }
  return secrets;
}

Result<void> RedisTransfer::put(std::span<const StoredSecret> secrets) {
  for (const StoredSecret& secret : secrets) {
    const Bytes none;
    const Bytes& payload = secret.payload ? *secret.payload : none;
    Result<void> done =
        run(scripts_.put,
            {to_hex(secret.id.bytes), std::to_string(secret.version), std::string(as_text(secret.entry.record)),
             number(secret.entry.due.time_since_epoch().count()), secret.payload ? "1" : "0",
             std::string(as_text(payload))},
            {keys_.secret(secret.id)});
    if (!done) {
      return done;
    }
  }
  return {};
}

Result<void> RedisTransfer::erase(std::span<const StoredSecret> secrets) {
  std::vector<std::string> keys;
  std::vector<std::string> ids;
  for (const StoredSecret& secret : secrets) {
    keys.push_back(keys_.secret(secret.id));
    ids.push_back(to_hex(secret.id.bytes));
  }
  return run(scripts_.erase, std::move(ids), keys);
}

Result<std::vector<OutboxEntry>> RedisTransfer::some_events(std::size_t limit) {
  const auto replies = client_->ask({{"XRANGE", keys_.outbox, "-", "+", "COUNT", std::to_string(limit)}});
  if (!replies) {
    return fail(replies.error());
  }
  std::vector<OutboxEntry> events;
  for (const redisReply* const reply : reply_elements(*replies->front())) {
    Result<OutboxEntry> entry = parse_outbox_entry(*reply);
    if (!entry) {
      return fail(entry.error());
    }
    events.push_back(std::move(*entry));
  }
  return events;
}

Result<void> RedisTransfer::put_events(std::span<const OutboxEntry> events) {
  std::vector<std::string> arguments;
  for (const OutboxEntry& entry : events) {
    arguments.push_back(format_uuid(entry.event.id.bytes));
    arguments.emplace_back(as_text(encode_event(entry.event)));
  }
  return run(scripts_.put_events, std::move(arguments), {keys_.meta});
}

Result<void> RedisTransfer::erase_events(std::span<const OutboxEntry> events) {
  return events.empty() ? Result<void>{} : run(scripts_.erase_events, {std::to_string(events.back().position)});
}

}  // namespace disposable
