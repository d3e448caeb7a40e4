#include "audit/sqlite/sqlite_connection.h"

#include <sqlite3.h>

namespace disposable {

namespace {

Errc errc_of(int code) {
  switch (code & 0xFF) {  // the low byte of an extended code is the primary one
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT:
    case SQLITE_ERROR:  // our SQL is constant: a table or column of the schema is not there
      return Errc::kCorrupt;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
      return Errc::kInternal;
    default:
      return Errc::kUnavailable;
  }
}

tl::unexpected<Error> failure(sqlite3* database, int code) {
  const char* message = database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database);
  return fail(errc_of(code), std::string(message) + " (SQLite " + std::to_string(code) + ")");
}

}  // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

SqliteStatement& SqliteStatement::bind(int position, std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_.get(), position, value);
  bind_error_ = bind_error_ == SQLITE_OK ? code : bind_error_;
  return *this;
}

SqliteStatement& SqliteStatement::bind(int position, std::string_view text) {
  // A null pointer would bind NULL instead of empty text.
  const char* data = text.empty() ? "" : text.data();
  const int code = sqlite3_bind_text64(statement_.get(), position, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  bind_error_ = bind_error_ == SQLITE_OK ? code : bind_error_;
  return *this;
}

SqliteStatement& SqliteStatement::bind(int position, ByteView blob) {
  const void* data = blob.empty() ? static_cast<const void*>("") : blob.data();  // as above
  const int code = sqlite3_bind_blob64(statement_.get(), position, data, blob.size(), SQLITE_STATIC);
  bind_error_ = bind_error_ == SQLITE_OK ? code : bind_error_;
  return *this;
}

Result<bool> SqliteStatement::step() {
  sqlite3* database = sqlite3_db_handle(statement_.get());
  const int code = bind_error_ == SQLITE_OK ? sqlite3_step(statement_.get()) : bind_error_;
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  Error error = failure(database, code).value();
  reset();
  return fail(std::move(error));
}

Result<void> SqliteStatement::run() {
  while (true) {
    const Result<bool> row = step();
    if (!row) {
      return fail(row.error());
    }
    if (!*row) {
      return {};
    }
  }
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_.get());  // repeats the error that step() reported
  bind_error_ = SQLITE_OK;
}

std::optional<std::int64_t> SqliteStatement::integer(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_INTEGER) {
    return std::nullopt;
  }
  return sqlite3_column_int64(statement_.get(), column);
}

std::optional<std::string> SqliteStatement::text(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_TEXT) {
    return std::nullopt;
  }
  const unsigned char* data = sqlite3_column_text(statement_.get(), column);
  if (data == nullptr) {
    return std::nullopt;  // out of memory
  }
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return std::string(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
}

std::optional<Bytes> SqliteStatement::blob(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_BLOB) {
    return std::nullopt;
  }
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? Bytes() : Bytes(data, data + size);
}

void SqliteConnection::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Result<SqliteConnection> SqliteConnection::open(const std::filesystem::path& path, Access access,
                                                std::chrono::milliseconds busy_timeout) {
  // NOMUTEX: the class is used by one thread at a time. No NOFOLLOW: it refuses every symbolic link on the way, and
  // systemd's /var/lib/private puts one there.
  const int flags = (access == Access::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX |
                    SQLITE_OPEN_EXRESCODE;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  SqliteConnection connection(raw);
  if (code != SQLITE_OK) {
    return failure(raw, code);
  }
  sqlite3_busy_timeout(raw, static_cast<int>(busy_timeout.count()));
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  connection.checkpoint_on_close(false);
  return connection;
}

Result<SqliteStatement> SqliteConnection::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) {
    return failure(database_.get(), code);
  }
  return SqliteStatement(raw);
}

Result<void> SqliteConnection::execute(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return failure(database_.get(), code);
  }
  return {};
}

Result<std::int64_t> SqliteConnection::query_integer(std::string_view sql) {
  Result<SqliteStatement> statement = prepare(sql);
  if (!statement) {
    return fail(statement.error());
  }
  const Result<bool> row = statement->step();
  if (!row) {
    return fail(row.error());
  }
  const std::optional<std::int64_t> value = *row ? statement->integer(0) : std::nullopt;
  if (!value) {
    return fail(Errc::kCorrupt, "an integer is missing in the database");
  }
  return *value;
}

Result<std::string> SqliteConnection::query_text(std::string_view sql) {
  Result<SqliteStatement> statement = prepare(sql);
  if (!statement) {
    return fail(statement.error());
  }
  const Result<bool> row = statement->step();
  if (!row) {
    return fail(row.error());
  }
  const std::optional<std::string> value = *row ? statement->text(0) : std::nullopt;
  if (!value) {
    return fail(Errc::kCorrupt, "a text is missing in the database");
  }
  return *value;
}

Result<void> SqliteConnection::copy_to(const std::filesystem::path& to,
                                       const std::function<void(double share)>& progress) {
  Result<SqliteConnection> target = open(to, Access::kReadWrite, std::chrono::milliseconds{0});
  if (!target) {
    return fail(target.error());
  }
  sqlite3* raw = target->database_.get();
  sqlite3_backup* backup = sqlite3_backup_init(raw, "main", database_.get(), "main");
  if (backup == nullptr) {
    return failure(raw, sqlite3_errcode(raw));
  }
  // All steps see the same moment only within a transaction of the source; without one, a writer would restart them.
  constexpr int kPages = 2500;
  int code = SQLITE_OK;
  while ((code = sqlite3_backup_step(backup, kPages)) == SQLITE_OK) {
    const int all = sqlite3_backup_pagecount(backup);
    progress(all == 0 ? 1.0 : 1.0 - static_cast<double>(sqlite3_backup_remaining(backup)) / all);
  }
  const int finished = sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE || finished != SQLITE_OK) {
    return failure(raw, code == SQLITE_DONE ? finished : code);
  }
  const Result<std::string> mode = target->query_text("PRAGMA journal_mode = DELETE");
  return mode ? Result<void>{} : fail(mode.error());
}

std::int64_t SqliteConnection::changes() const { return sqlite3_changes64(database_.get()); }

bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

void SqliteConnection::checkpoint_on_close(bool enabled) {
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, enabled ? 0 : 1, nullptr);
}

std::string_view sqlite_version() { return sqlite3_libversion(); }

}  // namespace disposable
