#include "audit/sqlite/sqlite_delivery_queue.h"

#include <algorithm>

namespace disposable {

namespace {

constexpr std::int64_t kApplicationId = 0x44537768;
constexpr std::chrono::milliseconds kBusyTimeout{250};

// Ids begin with their time, so rows are added at the end. The first index holds all that finding the next call needs.
constexpr const char* kCreateTables = R"sql(
  BEGIN IMMEDIATE;
  CREATE TABLE deliveries(
    event BLOB NOT NULL,
    kind INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    webhook BLOB NOT NULL,
    destination BLOB NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    settled_at INTEGER,
    PRIMARY KEY (event, kind)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deliveries_due ON deliveries(kind, due, created_at, event, destination) WHERE settled_at IS NULL;
  CREATE INDEX deliveries_settled ON deliveries(settled_at) WHERE settled_at IS NOT NULL;
  PRAGMA application_id = 0x44537768;
  PRAGMA user_version = 1;
  COMMIT;
)sql";

std::int64_t number(WallTime time) { return time.time_since_epoch().count(); }
WallTime wall_time(std::int64_t number) { return WallTime(std::chrono::milliseconds(number)); }

// What an interrupted creation has left is as empty as a new file.
Result<void> prepare_file(SqliteConnection& connection) {
  Result<void> ready = enter_wal_mode(connection);
  if (ready) {
    ready = configure_for_writing(connection);
  }
  const Result<std::int64_t> tables =
      ready ? connection.query_integer("SELECT count(*) FROM sqlite_schema") : fail(ready.error());
  const Result<std::int64_t> application =
      tables ? connection.query_integer("PRAGMA application_id") : fail(tables.error());
  const Result<std::int64_t> version =
      application ? connection.query_integer("PRAGMA user_version") : fail(application.error());
  if (!version) {
    return fail(version.error());
  }
  if (*tables == 0 && *application == 0 && *version == 0) {
    ready = connection.execute(kCreateTables);
  } else if (*application != kApplicationId || *version != 1) {
    ready = fail(Errc::kCorrupt, "is no queue of webhooks that this program knows; move it away");
  }
  connection.checkpoint_on_close(true);
  return ready;
}

template <std::size_t N>
bool copy_blob(const std::optional<Bytes>& blob, std::array<std::uint8_t, N>& out) {
  if (!blob || blob->size() != N) {
    return false;
  }
  std::copy(blob->begin(), blob->end(), out.begin());
  return true;
}

// The row that step() found, with the columns in the order of the table's first nine.
Result<std::optional<Delivery>> read_delivery(const SqliteStatement& row) {
  Delivery delivery;
  const std::optional<std::int64_t> kind = row.integer(1);
  std::optional<Bytes> webhook = row.blob(3);
  std::optional<std::string> body = row.text(5);
  const std::optional<std::int64_t> created_at = row.integer(6);
  const std::optional<std::int64_t> due = row.integer(7);
  const std::optional<std::int64_t> attempts = row.integer(8);
  if (!copy_blob(row.blob(0), delivery.event.bytes) || !copy_blob(row.blob(2), delivery.fingerprint.bytes) ||
      !copy_blob(row.blob(4), delivery.destination) || !kind || !webhook || !body || !created_at || !due || !attempts) {
    return fail(Errc::kCorrupt, "the queue of webhooks has a row that this program never wrote");
  }
  delivery.kind = static_cast<DeliveryKind>(*kind);
  delivery.webhook = std::move(*webhook);
  delivery.body = std::move(*body);
  delivery.created_at = wall_time(*created_at);
  delivery.due = wall_time(*due);
  delivery.attempts = static_cast<int>(*attempts);
  return delivery;
}

std::string json_of(std::span<const Destination> destinations) {
  std::string json = "[";
  for (const Destination& destination : destinations) {
    json += (json.size() == 1 ? "\"" : ",\"") + to_hex(destination) + "\"";
  }
  return json + "]";
}

}  // namespace

Result<std::unique_ptr<SqliteDeliveryQueue>> SqliteDeliveryQueue::open(const std::filesystem::path& path) {
  const Result<void> file = create_private_file(path);
  if (!file) {
    return fail(about_file(path, file.error()));
  }
  Result<SqliteConnection> connection =
      SqliteConnection::open(path, SqliteConnection::Access::kReadWrite, kBusyTimeout);
  if (!connection) {
    return fail(about_file(path, connection.error()));
  }
  const Result<void> prepared = prepare_file(*connection);
  if (!prepared) {
    return fail(about_file(path, prepared.error()));
  }
  Result<Statements> statements = prepare(*connection);
  if (!statements) {
    return fail(about_file(path, statements.error()));
  }
  return std::unique_ptr<SqliteDeliveryQueue>(new SqliteDeliveryQueue(std::move(*connection), std::move(*statements)));
}

Result<SqliteDeliveryQueue::Statements> SqliteDeliveryQueue::prepare(SqliteConnection& connection) {
  Result<SqliteStatement> begin = connection.prepare("BEGIN IMMEDIATE");
  Result<SqliteStatement> commit = connection.prepare("COMMIT");
  Result<SqliteStatement> rollback = connection.prepare("ROLLBACK");
  Result<SqliteStatement> insert = connection.prepare(
      "INSERT INTO deliveries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL) ON CONFLICT DO NOTHING");
  Result<SqliteStatement> take = connection.prepare(
      "SELECT event, kind, fingerprint, webhook, destination, body, created_at, due, attempts FROM deliveries "
      "WHERE settled_at IS NULL AND kind = ?1 AND due <= ?2 AND "
      "lower(hex(destination)) NOT IN (SELECT value FROM json_each(?3)) ORDER BY due, created_at, event LIMIT 1");
  // What is remembered is that it was told, and nothing that was told or to whom.
  Result<SqliteStatement> settle = connection.prepare(
      "UPDATE deliveries SET settled_at = ?3, webhook = x'', body = '' WHERE event = ?1 AND kind = ?2");
  Result<SqliteStatement> postpone =
      connection.prepare("UPDATE deliveries SET due = ?3, attempts = attempts + 1 WHERE event = ?1 AND kind = ?2");
  Result<SqliteStatement> pending =
      connection.prepare("SELECT count(*), min(created_at) FROM deliveries WHERE settled_at IS NULL AND kind = ?1");
  Result<SqliteStatement> prune_settled = connection.prepare(
      "DELETE FROM deliveries WHERE (event, kind) IN "
      "(SELECT event, kind FROM deliveries WHERE settled_at < ?1 LIMIT 10000)");
  Result<SqliteStatement> prune_old = connection.prepare(
      "DELETE FROM deliveries WHERE (event, kind) IN (SELECT event, kind FROM deliveries WHERE event < ?1 LIMIT "
      "10000)");
  Result<SqliteStatement> count_old =
      connection.prepare("SELECT count(*) FROM deliveries WHERE event < ?1 AND kind = ?2 AND settled_at IS NULL");
  Result<SqliteStatement> hasten =
      connection.prepare("UPDATE deliveries SET due = ?1 WHERE settled_at IS NULL AND kind = ?2 AND due > ?3");
  for (const Result<SqliteStatement>* statement : {&begin, &commit, &rollback, &insert, &take, &settle, &postpone,
                                                   &pending, &prune_settled, &prune_old, &count_old, &hasten}) {
    if (!*statement) {
      return fail(statement->error());
    }
  }
  return Statements{std::move(*begin),         std::move(*commit),    std::move(*rollback),  std::move(*insert),
                    std::move(*take),          std::move(*settle),    std::move(*postpone),  std::move(*pending),
                    std::move(*prune_settled), std::move(*prune_old), std::move(*count_old), std::move(*hasten)};
}

Result<void> SqliteDeliveryQueue::add(std::span<const Delivery> deliveries) {
  if (deliveries.empty()) {
    return {};
  }
  const MutexLock lock(mutex_);
  Result<void> added = statements_.begin.run();
  if (!added) {
    return added;
  }
  added = insert_all(deliveries);
  if (added) {
    added = statements_.commit.run();
  }
  if (!added && connection_.in_transaction()) {
    ignore(statements_.rollback.run(), "BEGIN fails until the transaction is gone, and the caller tries again");
  }
  return added;
}

Result<void> SqliteDeliveryQueue::insert_all(std::span<const Delivery> deliveries) {
  for (const Delivery& delivery : deliveries) {
    Result<void> inserted = statements_.insert.bind(1, ByteView(delivery.event.bytes))
                                .bind(2, static_cast<std::int64_t>(delivery.kind))
                                .bind(3, ByteView(delivery.fingerprint.bytes))
                                .bind(4, ByteView(delivery.webhook))
                                .bind(5, ByteView(delivery.destination))
                                .bind(6, delivery.body)
                                .bind(7, number(delivery.created_at))
                                .bind(8, number(delivery.due))
                                .bind(9, std::int64_t{delivery.attempts})
                                .run();
    if (!inserted) {
      return inserted;
    }
  }
  return {};
}

Result<std::optional<Delivery>> SqliteDeliveryQueue::take(DeliveryKind kind, WallTime now,
                                                          std::span<const Destination> without,
                                                          std::chrono::milliseconds /*lease*/) {
  const std::string left_out = json_of(without);
  const MutexLock lock(mutex_);
  const Result<bool> found =
      statements_.take.bind(1, static_cast<std::int64_t>(kind)).bind(2, number(now)).bind(3, left_out).step();
  if (!found) {
    return fail(found.error());
  }
  if (!*found) {
    return std::nullopt;
  }
  Result<std::optional<Delivery>> delivery = read_delivery(statements_.take);
  statements_.take.reset();
  return delivery;
}

Result<void> SqliteDeliveryQueue::settle(const Delivery& delivery, WallTime now) {
  const MutexLock lock(mutex_);
  return statements_.settle.bind(1, ByteView(delivery.event.bytes))
      .bind(2, static_cast<std::int64_t>(delivery.kind))
      .bind(3, number(now))
      .run();
}

Result<void> SqliteDeliveryQueue::postpone(const Delivery& delivery, WallTime due) {
  const MutexLock lock(mutex_);
  return statements_.postpone.bind(1, ByteView(delivery.event.bytes))
      .bind(2, static_cast<std::int64_t>(delivery.kind))
      .bind(3, number(due))
      .run();
}

Result<DeliveryQueue::Pending> SqliteDeliveryQueue::pending(DeliveryKind kind) {
  const MutexLock lock(mutex_);
  const Result<bool> found = statements_.pending.bind(1, static_cast<std::int64_t>(kind)).step();
  if (!found) {
    return fail(found.error());
  }
  const std::optional<std::int64_t> count = statements_.pending.integer(0);
  const std::optional<std::int64_t> oldest = statements_.pending.integer(1);
  statements_.pending.reset();
  return Pending{static_cast<std::uint64_t>(count.value_or(0)),
                 oldest ? std::optional(wall_time(*oldest)) : std::nullopt};
}

Result<void> SqliteDeliveryQueue::delete_all(SqliteStatement Statements::*portion,
                                             const std::function<void(SqliteStatement&)>& bind) {
  for (;;) {
    const MutexLock lock(mutex_);
    SqliteStatement& statement = statements_.*portion;
    bind(statement);
    Result<void> deleted = statement.run();
    if (!deleted || connection_.changes() == 0) {
      return deleted;
    }
  }
}

Result<DeliveryQueue::Forgotten> SqliteDeliveryQueue::prune(WallTime now) {
  const EventId least = EventId::least(now - kDeliveryKept);
  Forgotten forgotten{};
  for (std::size_t i = 0; i < kDeliveryKinds.size(); ++i) {
    const auto kind = static_cast<std::int64_t>(kDeliveryKinds[i]);
    const MutexLock lock(mutex_);
    const Result<bool> counted = statements_.count_old.bind(1, ByteView(least.bytes)).bind(2, kind).step();
    if (!counted) {
      return fail(counted.error());
    }
    forgotten[i] = static_cast<std::uint64_t>(statements_.count_old.integer(0).value_or(0));
    statements_.count_old.reset();
    const Result<void> hastened =
        statements_.hasten.bind(1, number(now)).bind(2, kind).bind(3, number(now + kPauseMost)).run();
    if (!hastened) {
      return fail(hastened.error());
    }
  }
  Result<void> pruned = delete_all(
      &Statements::prune_settled, [now](SqliteStatement& statement) { statement.bind(1, number(now - kSettledKept)); });
  if (pruned) {
    pruned = delete_all(&Statements::prune_old,
                        [&least](SqliteStatement& statement) { statement.bind(1, ByteView(least.bytes)); });
  }
  return pruned ? Result<Forgotten>(forgotten) : fail(pruned.error());
}

}  // namespace disposable
