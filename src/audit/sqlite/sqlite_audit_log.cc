#include "audit/sqlite/sqlite_audit_log.h"

#include "audit/sqlite/sqlite_file.h"

namespace disposable {

namespace {

// Readers never block the writer; only a foreign writer or a reader's recovery does, and the projector tries again.
constexpr std::chrono::milliseconds kBusyTimeout{250};

Result<ChainHead> checked_head(SqliteConnection& connection, const SymmetricKey& audit_key) {
  Result<SqliteStatement> select = connection.prepare(kSelectHead);
  if (!select) {
    return fail(select.error());
  }
  const Result<SealedHead> sealed = read_head(*select);
  if (!sealed) {
    return fail(sealed.error());
  }
  if (!is_sealed_with(*sealed, audit_key)) {
    return fail(Errc::kCorrupt, "its head was not sealed with this key file: a wrong key file, or an edited audit log");
  }
  return sealed->head;
}

// Leaves a log that is ours, whole as far as its head tells, and ready for writing.
Result<ChainHead> prepare_file(SqliteConnection& connection, const SymmetricKey& audit_key) {
  const Result<SchemaState> state = identify_schema(connection);
  if (!state) {
    return fail(state.error());
  }
  // An audit log that is not in WAL mode was made by an interrupted creation.
  if (*state == SchemaState::kEmpty) {
    Result<void> created = enter_wal_mode(connection);
    if (created) {
      created = configure_for_writing(connection);
    }
    if (created) {
      created = create_schema(connection, audit_key);
    }
    if (!created) {
      return fail(created.error());
    }
  }
  Result<ChainHead> head = checked_head(connection, audit_key);
  if (!head) {
    return head;
  }
  Result<void> configured = enter_wal_mode(connection);
  if (configured) {
    configured = configure_for_writing(connection);
  }
  if (!configured) {
    return fail(configured.error());
  }
  connection.checkpoint_on_close(true);
  return head;
}

}  // namespace

Result<std::unique_ptr<SqliteAuditLog>> SqliteAuditLog::open(const std::filesystem::path& path,
                                                             const SymmetricKey& audit_key) {
  const Result<void> file = create_private_file(path);
  if (!file) {
    return fail(about_file(path, file.error()));
  }
  Result<SqliteConnection> connection =
      SqliteConnection::open(path, SqliteConnection::Access::kReadWrite, kBusyTimeout);
  if (!connection) {
    return fail(about_file(path, connection.error()));
  }
  const Result<ChainHead> head = prepare_file(*connection, audit_key);
  if (!head) {
    return fail(about_file(path, head.error()));
  }
  Result<Statements> statements = prepare(*connection);
  if (!statements) {
    return fail(about_file(path, statements.error()));
  }
  return std::unique_ptr<SqliteAuditLog>(
      new SqliteAuditLog(std::move(*connection), std::move(*statements), audit_key, *head));
}

Result<SqliteAuditLog::Statements> SqliteAuditLog::prepare(SqliteConnection& connection) {
  Result<SqliteStatement> begin = connection.prepare("BEGIN IMMEDIATE");
  Result<SqliteStatement> commit = connection.prepare("COMMIT");
  Result<SqliteStatement> rollback = connection.prepare("ROLLBACK");
  Result<SqliteStatement> select_head = connection.prepare(kSelectHead);
  Result<SqliteStatement> update_head =
      connection.prepare("UPDATE secret_logs_head SET count = ?1, hash = ?2, mac = ?3");
  // Only a known event_id is passed over. A row that sits at the next id already is an error: nobody else may write.
  Result<SqliteStatement> insert = connection.prepare(
      "INSERT INTO secret_logs(id, secret_key, action, ip_address, created_at, extra_data, event_id, prev_hash, hash) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT(event_id) DO NOTHING");
  Result<SqliteStatement> find = connection.prepare("SELECT count(*) FROM secret_logs WHERE event_id = ?1");
  for (const Result<SqliteStatement>* statement :
       {&begin, &commit, &rollback, &select_head, &update_head, &insert, &find}) {
    if (!*statement) {
      return fail(statement->error());
    }
  }
  return Statements{.begin = std::move(*begin),
                    .commit = std::move(*commit),
                    .rollback = std::move(*rollback),
                    .select_head = std::move(*select_head),
                    .update_head = std::move(*update_head),
                    .insert = std::move(*insert),
                    .find = std::move(*find)};
}

Result<void> SqliteAuditLog::append(std::span<const Event> events) {
  if (events.empty()) {
    return {};
  }
  Result<void> result = statements_.begin.run();
  if (!result) {
    return result;
  }
  result = write(events);
  if (result) {
    result = statements_.commit.run();
  }
  if (!result) {
    if (connection_.in_transaction()) {
      ignore(statements_.rollback.run(), "BEGIN fails until the transaction is gone, and the caller tries again");
    }
    return result;
  }
  head_ = attempted_;
  return {};
}

// The head in the file is compared with the one in memory, so that a log put back to an earlier state (whose head is
// sealed well) is noticed at the next append and not continued.
Result<void> SqliteAuditLog::write(std::span<const Event> events) {
  const Result<SealedHead> sealed = read_head(statements_.select_head);
  if (!sealed) {
    return fail(sealed.error());
  }
  if (sealed->head != head_ && sealed->head != attempted_) {
    return fail(Errc::kCorrupt, "the audit log was changed by somebody else while it was open");
  }
  head_ = sealed->head;
  attempted_ = head_;
  ChainHead head = head_;
  for (const Event& event : events) {
    Result<void> inserted = insert(event, head);
    if (!inserted) {
      return inserted;
    }
  }
  Result<void> written = write_head(head);
  if (written) {
    attempted_ = head;
  }
  return written;
}

// Moves `head` on, unless the log has the event already.
Result<void> SqliteAuditLog::insert(const Event& event, ChainHead& head) {
  const AuditRow row = audit_row(head.count + 1, event);
  const ChainHash hash = row_hash(audit_key_, head.hash, row);
  Result<void> inserted = statements_.insert.bind(1, row.id)
                              .bind(2, row.secret_key)
                              .bind(3, row.action)
                              .bind(4, row.ip_address)
                              .bind(5, row.created_at)
                              .bind(6, row.extra_data)
                              .bind(7, row.event_id)
                              .bind(8, ByteView(head.hash))
                              .bind(9, ByteView(hash))
                              .run();
  if (!inserted) {
    return inserted;
  }
  if (connection_.changes() == 1) {
    head = ChainHead{.count = row.id, .hash = hash};
  }
  return {};
}

Result<void> SqliteAuditLog::write_head(const ChainHead& head) {
  const ChainHash mac = head_mac(audit_key_, head);
  Result<void> updated =
      statements_.update_head.bind(1, head.count).bind(2, ByteView(head.hash)).bind(3, ByteView(mac)).run();
  if (!updated) {
    return updated;
  }
  if (connection_.changes() != 1) {
    return fail(Errc::kCorrupt, "the head of the audit log is missing");
  }
  return {};
}

Result<bool> SqliteAuditLog::contains(const EventId& id) {
  const std::string text = format_uuid(id.bytes);
  Result<bool> row = statements_.find.bind(1, text).step();
  if (!row) {
    return row;
  }
  const bool found = *row && statements_.find.integer(0) == 1;
  statements_.find.reset();
  return found;
}

}  // namespace disposable
