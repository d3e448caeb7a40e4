#include "store/redis/redis_store.h"

#include <algorithm>

#include "store/redis/redis_client.h"

namespace disposable {

namespace {

constexpr std::chrono::seconds kLookEvery{1};

std::string to_word(ByteView bytes) { return std::string(as_text(bytes)); }
std::string to_word(WallTime time) { return std::to_string(time.time_since_epoch().count()); }

// As EVENTS in redis_scripts.h.
void add_events(std::vector<std::string>& arguments, std::span<const Event> events) {
  for (const Event& event : events) {
    arguments.push_back(format_uuid(event.id.bytes));
    arguments.push_back(to_word(encode_event(event)));
  }
}

tl::unexpected<Error> refusal(std::string_view word) {
  if (word == "EXISTS") {
    return fail(Errc::kAlreadyExists, "the id is taken");
  }
  if (word == "CONFLICT") {
    return fail(Errc::kConflict, "the record is at another version or gone");
  }
  if (word == "OUTBOX") {
    return fail(Errc::kUnavailable, "the audit outbox is full");
  }
  if (word == "FULL") {
    return fail(Errc::kStorageFull, "as many bytes are stored as may be");
  }
  if (word == "GONE") {
    return fail(Errc::kUnavailable, "Redis holds no store any more: it was emptied");
  }
  if (word == "MOVED") {
    return fail(Errc::kUnavailable, "the store is being moved to another place");
  }
  return fail(Errc::kInternal, "a script answered something unknown");
}

Bytes bytes_of(const redisReply& reply) {
  const ByteView view = as_bytes(reply_text(reply));
  return {view.begin(), view.end()};
}

}  // namespace

RedisStore::RedisStore(Options options)
    : options_(std::move(options)),
      keys_(options_.url.prefix),
      scripts_(std::make_unique<RedisScripts>()),
      stored_bytes_max_(options_.storage.stored_bytes_max) {}

RedisStore::~RedisStore() = default;

Result<std::unique_ptr<RedisStore>> RedisStore::open(Options options) {
  Result<void> read = read_redis_password(options.url);
  if (!read) {
    return fail(read.error());
  }
  std::unique_ptr<RedisStore> store(new RedisStore(std::move(options)));
  Result<void> started = store->start();
  if (!started) {
    return fail(started.error());
  }
  return store;
}

Result<void> RedisStore::start() {
  const RedisExpectations expected{options_.url, keys_.meta, to_hex(options_.keyring_check), options_.accept_data_loss};
  Result<std::unique_ptr<RedisPool>> pool = RedisPool::make({expected, options_.connections, options_.on_warning});
  if (!pool) {
    return fail(pool.error());
  }
  pool_ = std::move(*pool);
  client_ = std::make_unique<RedisClient>(*pool_, options_.url);
  // By itself, because a script's failure would be said in another way than a server's.
  Result<void> looked = client_->look();
  if (!looked) {
    return looked;
  }
  if (!options_.create) {
    const auto format = client_->ask({{"HGET", keys_.meta, "format"}});
    if (!format) {
      return fail(format.error());
    }
    if (is_nil(*format->front())) {
      return fail(Errc::kNotFound, "there is no store in " + to_text(options_.url));
    }
  }
  const Result<RedisReply> opened = client_->run(
      scripts_->open, {keys_.meta, keys_.due, keys_.outbox},
      {std::string(kRedisFormat), expected.keyring_check, options_.create ? options_.agreed : std::string{}},
      RedisClient::Confirm::kYes);
  if (!opened) {
    return fail(opened.error());
  }
  const auto held = reply_elements(**opened);
  if (held.size() != 3) {
    return fail(Errc::kCorrupt,
                "Redis has secrets or events below this prefix, but not what says whose they are (" + keys_.meta + ")");
  }
  pool_->must_exist();
  Result<void> ours = check_redis_identity(reply_text(*held[0]), reply_text(*held[1]), expected);
  if (ours && !options_.agreed.empty() && !is_nil(*held[2]) && reply_text(*held[2]) != options_.agreed) {
    return fail(Errc::kInvalidArgument,
                "the nodes of this Redis store run with '" + std::string(reply_text(*held[2])) + "', this one with '" +
                    options_.agreed + "'; give all the same, or stop all nodes and say HDEL " + keys_.meta + " agreed");
  }
  return ours;
}

std::string RedisStore::token() {
  std::array<std::uint8_t, 16> bytes{};
  options_.random->fill(bytes);
  return to_word(bytes);
}

Result<Ticket> RedisStore::change(const RedisScript& script, const StoreId& id, std::vector<std::string> arguments) {
  const Result<RedisReply> answer = client_->run(script, {keys_.secret(id), keys_.due, keys_.outbox, keys_.meta},
                                                 std::move(arguments), RedisClient::Confirm::kYes);
  if (!answer) {
    return fail(answer.error());
  }
  const std::string_view word = reply_text(**answer);
  return word == "OK" ? Result<Ticket>(Ticket{}) : Result<Ticket>(refusal(word));
}

Result<Ticket> RedisStore::insert(const StoreId& id, Entry entry, Bytes payload, std::span<const Event> events) {
  std::vector<std::string> arguments{to_hex(id.bytes),
                                     token(),
                                     to_word(entry.record),
                                     to_word(entry.due),
                                     to_word(payload),
                                     std::to_string(options_.outbox.creates_max),
                                     std::to_string(stored_bytes_max_.load()),
                                     std::to_string(live_secrets_change(events))};
  add_events(arguments, events);
  Result<Ticket> done = change(scripts_->insert, id, std::move(arguments));
  if (done && !events.empty()) {
    note_events();
  }
  return done;
}

// In the same exchange it says whether it is a store at all: one that was emptied or moved away must not look as if it
// had never known the secret.
Result<RedisReply> RedisStore::ask_for_secret(RedisCommand question) {
  auto replies = client_->ask({{"HGET", keys_.meta, "format"}, std::move(question)});
  if (!replies) {
    return fail(replies.error());
  }
  if (reply_text(*replies->front()) != kRedisFormat) {
    return refusal(is_nil(*replies->front()) ? "GONE" : "MOVED");
  }
  return std::move(replies->back());
}

Result<Loaded> RedisStore::load(const StoreId& id) {
  const Result<RedisReply> reply = ask_for_secret({"HMGET", keys_.secret(id), "v", "r"});
  if (!reply) {
    return fail(reply.error());
  }
  const auto fields = reply_elements(**reply);
  if (fields.size() != 2 || is_nil(*fields[0])) {
    return fail(Errc::kNotFound, "no such record");
  }
  const Result<std::int64_t> version = parse_redis_number(reply_text(*fields[0]));
  if (!version) {
    return fail(version.error());
  }
  return Loaded{bytes_of(*fields[1]), static_cast<std::uint64_t>(*version), Ticket{}};
}

Result<Bytes> RedisStore::load_payload(const StoreId& id) {
  const Result<RedisReply> reply = ask_for_secret({"HGET", keys_.secret(id), "p"});
  if (!reply) {
    return fail(reply.error());
  }
  if (is_nil(**reply)) {
    return fail(Errc::kNotFound, "no such payload");
  }
  return bytes_of(**reply);
}

Result<Ticket> RedisStore::replace(const StoreId& id, std::uint64_t expected_version, Entry entry, Payload payload,
                                   std::span<const Event> events) {
  std::vector<std::string> arguments{to_hex(id.bytes),
                                     token(),
                                     to_word(entry.record),
                                     to_word(entry.due),
                                     std::to_string(expected_version),
                                     std::to_string(expected_version + 1),
                                     std::to_string(options_.outbox.changes_max),
                                     payload == Payload::kDrop ? "1" : "0",
                                     std::to_string(live_secrets_change(events))};
  add_events(arguments, events);
  Result<Ticket> done = change(scripts_->replace, id, std::move(arguments));
  if (done && !events.empty()) {
    note_events();
  }
  return done;
}

Result<void> RedisStore::takes_changes() {
  const Result<RedisReply> answer =
      client_->run(scripts_->try_change, {keys_.meta, keys_.outbox}, {std::to_string(options_.outbox.changes_max)},
                   RedisClient::Confirm::kYes);
  if (!answer) {
    return fail(answer.error());
  }
  const std::string_view word = reply_text(**answer);
  return word == "OK" ? Result<void>() : Result<void>(refusal(word));
}

Result<Ticket> RedisStore::purge(const StoreId& id, std::uint64_t expected_version) {
  return change(scripts_->purge, id, {to_hex(id.bytes), std::to_string(expected_version)});
}

Result<std::vector<DueEntry>> RedisStore::due(WallTime now, std::size_t limit) {
  const Result<RedisReply> answer = client_->run(
      scripts_->due, {keys_.due}, {to_word(now), std::to_string(limit), keys_.secrets}, RedisClient::Confirm::kNo);
  if (!answer) {
    return fail(answer.error());
  }
  const auto members = reply_elements(**answer);
  std::vector<DueEntry> found;
  for (std::size_t i = 0; i + 1 < members.size(); i += 2) {
    const Result<StoreId> id = parse_store_id(reply_text(*members[i]));
    const Result<std::int64_t> due = parse_redis_number(reply_text(*members[i + 1]));
    if (!id || !due) {
      return fail(id ? due.error() : id.error());
    }
    found.push_back({*id, WallTime{std::chrono::milliseconds{*due}}});
  }
  return found;
}

Result<void> RedisStore::ready() {
  const auto now = std::chrono::steady_clock::now();
  bool look = false;
  {
    const MutexLock lock(look_mutex_);
    look = now - looked_at_ >= kLookEvery;
    looked_at_ = look ? now : looked_at_;
  }
  if (look) {
    Result<void> found = client_->look();
    const MutexLock lock(look_mutex_);
    looked_ = std::move(found);
  }
  Result<void> reachable = pool_->state();
  const MutexLock lock(look_mutex_);
  return reachable ? looked_ : reachable;
}

void RedisStore::set_storage_limits(const StorageLimits& limits) { stored_bytes_max_ = limits.stored_bytes_max; }

}  // namespace disposable
