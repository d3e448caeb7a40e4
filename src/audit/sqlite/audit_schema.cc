#include "audit/sqlite/audit_schema.h"

#include <system_error>

namespace disposable {

namespace {

constexpr std::int64_t kApplicationId = 0x44536175;
constexpr std::int64_t kSchemaVersion = 1;

// No index over `secret_key`: its values are random, so each row would dirty a page of its own, and a log of a million
// rows took 25,000 rows a second instead of 230,000. A question about one secret reads the table instead, a tenth of a
// second for a million rows. `created_at` grows with the rows, so its index costs little, and --since needs it: a
// question about the last minute shall not read years. It is an index, not a search by id, because the order of ids is
// only nearly the order of times.
constexpr const char* kCreateTables = R"sql(
  CREATE TABLE secret_logs(
    id INTEGER PRIMARY KEY,
    secret_key TEXT NOT NULL,
    action TEXT NOT NULL,
    ip_address TEXT NOT NULL,
    created_at TEXT NOT NULL,
    extra_data TEXT NOT NULL,
    event_id TEXT NOT NULL UNIQUE,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL
  ) STRICT;
  CREATE INDEX secret_logs_created_at ON secret_logs(created_at);
  CREATE TABLE secret_logs_head(count INTEGER NOT NULL, hash BLOB NOT NULL, mac BLOB NOT NULL) STRICT;
  PRAGMA application_id = 0x44536175;
  PRAGMA user_version = 1;
)sql";

// A reader waits this long for the short moments in which the writer recovers or resets the write-ahead log.
constexpr std::chrono::seconds kReaderBusyTimeout{5};

Result<void> create_tables(SqliteConnection& connection, const SymmetricKey& audit_key) {
  Result<void> tables = connection.execute(kCreateTables);
  if (!tables) {
    return tables;
  }
  Result<SqliteStatement> insert =
      connection.prepare("INSERT INTO secret_logs_head(count, hash, mac) VALUES (?1, ?2, ?3)");
  if (!insert) {
    return fail(insert.error());
  }
  const ChainHead head;
  const ChainHash mac = head_mac(audit_key, head);
  return insert->bind(1, head.count).bind(2, ByteView(head.hash)).bind(3, ByteView(mac)).run();
}

}  // namespace

Result<SchemaState> identify_schema(SqliteConnection& connection) {
  const Result<std::int64_t> tables = connection.query_integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) {
    return fail(tables.error());
  }
  const Result<std::int64_t> application = connection.query_integer("PRAGMA application_id");
  if (!application) {
    return fail(application.error());
  }
  const Result<std::int64_t> version = connection.query_integer("PRAGMA user_version");
  if (!version) {
    return fail(version.error());
  }
  if (*tables == 0 && *application == 0 && *version == 0) {
    return SchemaState::kEmpty;
  }
  if (*application != kApplicationId) {
    return fail(Errc::kCorrupt, "is a database of another program, not an audit log");
  }
  if (*version != kSchemaVersion) {
    return fail(Errc::kCorrupt, "has schema version " + std::to_string(*version) + ", this program knows version " +
                                    std::to_string(kSchemaVersion));
  }
  return SchemaState::kOurs;
}

Result<void> create_schema(SqliteConnection& connection, const SymmetricKey& audit_key) {
  Result<void> begun = connection.execute("BEGIN IMMEDIATE");
  if (!begun) {
    return begun;
  }
  Result<void> created = create_tables(connection, audit_key);
  if (created) {
    created = connection.execute("COMMIT");
  }
  if (connection.in_transaction()) {
    ignore(connection.execute("ROLLBACK"), "the error that led here is the one to report");
  }
  return created;
}

Result<SqliteConnection> open_audit_log_for_reading(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) {
    return fail(Errc::kNotFound, path.string() + ": there is no audit log here");
  }
  Result<SqliteConnection> connection =
      SqliteConnection::open(path, SqliteConnection::Access::kReadOnly, kReaderBusyTimeout);
  if (!connection) {
    return fail(about_file(path, connection.error()));
  }
  const Result<SchemaState> state = identify_schema(*connection);
  if (!state) {
    return fail(about_file(path, state.error()));
  }
  if (*state == SchemaState::kEmpty) {
    return fail(Errc::kCorrupt, path.string() + ": is an empty file, not an audit log");
  }
  return connection;
}

Result<SealedHead> read_head(SqliteStatement& select_head) {
  select_head.reset();
  const Result<bool> found = select_head.step();
  if (!found) {
    return fail(found.error());
  }
  if (!*found) {
    return fail(Errc::kCorrupt, "the head of the audit log is missing");
  }
  const std::optional<std::int64_t> count = select_head.integer(0);
  const std::optional<ChainHash> hash = hash_column(select_head, 1);
  const std::optional<ChainHash> mac = hash_column(select_head, 2);
  const Result<bool> second = select_head.step();
  if (!second) {
    return fail(second.error());
  }
  select_head.reset();
  if (*second || !count || !hash || !mac) {
    return fail(Errc::kCorrupt, "the head of the audit log is malformed");
  }
  return SealedHead{.head = {.count = *count, .hash = *hash}, .mac = *mac};
}

std::optional<ChainHash> hash_column(const SqliteStatement& row, int column) {
  const std::optional<Bytes> bytes = row.blob(column);
  return bytes ? to_chain_hash(*bytes) : std::nullopt;
}

}  // namespace disposable
