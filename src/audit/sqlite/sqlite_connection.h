// SqliteConnection and SqliteStatement: SQLite's C interface with owners, Results and checked column types.
//
// Errors: kCorrupt for a file that is not a database, is damaged, lacks a table or breaks a constraint; kInternal for
// misuse; kUnavailable for everything that may pass (no space, I/O, busy, permissions). `detail` is SQLite's own
// message; it names tables, never values. One thread at a time. A statement must not outlive its connection. Source:
// https://www.sqlite.org/c3ref/intro.html

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

struct sqlite3;
struct sqlite3_stmt;

namespace disposable {

class SqliteStatement {
 public:
  // Positions of parameters count from 1. Text and blobs are borrowed until the next reset().
  SqliteStatement& bind(int position, std::int64_t value);
  SqliteStatement& bind(int position, std::string_view text);
  SqliteStatement& bind(int position, ByteView blob);

  // True when a row is there to be read. After false or an error the statement is reset and can be used again.
  Result<bool> step();
  // Steps to the end; rows are passed over.
  Result<void> run();
  void reset();

  // Columns of the row that step() found, counted from 0; nothing when the value has another type.
  std::optional<std::int64_t> integer(int column) const;
  std::optional<std::string> text(int column) const;
  std::optional<Bytes> blob(int column) const;

 private:
  friend class SqliteConnection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_error_ = 0;
};

class SqliteConnection {
 public:
  enum class Access : std::uint8_t { kReadOnly, kReadWrite };

  // Opens an existing file and changes nothing in it. Triggers, views and functions that the file's schema may hide are
  // switched off: the file can have been edited by anybody. `busy_timeout`: how long a statement waits for a lock.
  static Result<SqliteConnection> open(const std::filesystem::path& path, Access access,
                                       std::chrono::milliseconds busy_timeout);

  Result<SqliteStatement> prepare(std::string_view sql);
  // Runs statements that have no parameters.
  Result<void> execute(const char* sql);
  // The first column of the first row. kCorrupt when there is none of that type.
  Result<std::int64_t> query_integer(std::string_view sql);
  Result<std::string> query_text(std::string_view sql);

  // Copies what this connection sees at one moment into the empty file `to`, durable on return, in rollback-journal
  // mode: one file without companions. `progress` is told the share of pages that are copied, 0 to 1, now and then.
  Result<void> copy_to(const std::filesystem::path& to, const std::function<void(double share)>& progress);

  // Rows that the last INSERT, UPDATE or DELETE changed.
  std::int64_t changes() const;
  // False from BEGIN to COMMIT or ROLLBACK; some errors roll back by themselves.
  bool in_transaction() const;
  // Whether closing the last connection moves the write-ahead log into the file; off after open().
  void checkpoint_on_close(bool enabled);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit SqliteConnection(sqlite3* database) : database_(database) {}

  std::unique_ptr<sqlite3, Close> database_;
};

// Version of the linked SQLite, for example "3.40.1".
std::string_view sqlite_version();

}  // namespace disposable
