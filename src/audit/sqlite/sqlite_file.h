// A file of SQLite that has one writer and keeps what it has confirmed: private, with a write-ahead log.

#pragma once

#include "audit/sqlite/sqlite_connection.h"

namespace disposable {

// Creates the file before SQLite does, so that it is private from its first moment; SQLite gives the -wal and -shm
// files the same mode. Nothing happens when it exists.
Result<void> create_private_file(const std::filesystem::path& path);

// The journal mode is kept in the file. kUnavailable: this file system cannot hold a write-ahead log.
Result<void> enter_wal_mode(SqliteConnection& connection);

// For the life of the connection: a transaction is on disk when its commit returns.
Result<void> configure_for_writing(SqliteConnection& connection);

// `error` with the name of the file in front, for the one line that the operator sees.
Error about_file(const std::filesystem::path& path, Error error);

}  // namespace disposable
