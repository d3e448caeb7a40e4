// The SQLite file of the audit log: its tables, how it is recognised, and its head.
//
// Schema version 1 (PRAGMA user_version), application id 0x44536175 ("DSau"):
//   secret_logs(id, secret_key, action, ip_address, created_at, extra_data, event_id, prev_hash, hash)
//     one row an event, ids 1 to n without gaps; audit/chain.h says what the hashes cover
//   secret_logs_head(count, hash, mac)
//     one row, written in the transaction of the rows it counts
// Both tables are STRICT: what was written as text cannot come back as another type.

#pragma once

#include "audit/chain_walk.h"
#include "audit/sqlite/sqlite_file.h"

namespace disposable {

enum class SchemaState : std::uint8_t { kOurs, kEmpty };

// Changes nothing. kCorrupt for a file that is not an audit log of this version.
Result<SchemaState> identify_schema(SqliteConnection& connection);

// Makes an empty database an audit log without rows, in one transaction.
Result<void> create_schema(SqliteConnection& connection, const SymmetricKey& audit_key);

// For `audit` and `audit verify`: opens an existing log beside the process that writes it. kNotFound when there is
// none; never creates one.
Result<SqliteConnection> open_audit_log_for_reading(const std::filesystem::path& path);

inline constexpr std::string_view kSelectHead = "SELECT count, hash, mac FROM secret_logs_head";
// Runs a prepared kSelectHead. Does not check the mac. kCorrupt unless there is exactly one well-formed head.
Result<SealedHead> read_head(SqliteStatement& select_head);

// A 32-byte blob of the row that step() found; nothing for another type or size.
std::optional<ChainHash> hash_column(const SqliteStatement& row, int column);

}  // namespace disposable
