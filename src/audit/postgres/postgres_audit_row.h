// Rows and the head of `secret_logs` as PostgreSQL gives them.
//
// Types become the text that the hash chain covers, the same as in SQLite: a log that is copied from one to the other
// keeps its hashes.

#pragma once

#include "audit/chain_walk.h"
#include "audit/postgres/postgres_connection.h"

namespace disposable {

inline constexpr std::string_view kAuditColumns =
    "id, secret_key::text, action, ip_address, "
    "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), extra_data::text, event_id::text";
// The row whose first columns are kAuditColumns; nothing when one has a type that is never written.
std::optional<AuditRow> audit_columns(const PostgresResult& result, int row);

// Followed by FROM secret_logs; gives chain_row() its columns.
inline constexpr std::string_view kHashColumns = "encode(prev_hash, 'hex'), encode(hash, 'hex')";
ChainRow chain_row(const PostgresResult& result, int row);

inline constexpr std::string_view kSelectAuditHead =
    "SELECT count, encode(hash, 'hex'), encode(mac, 'hex') FROM secret_logs_head";
// Of the result of kSelectAuditHead. Does not check the mac. kCorrupt unless there is exactly one well-formed head.
Result<SealedHead> audit_head(const PostgresResult& result);

}  // namespace disposable
