// The tables in PostgreSQL: which versions there are, and how a database gets the newest.
//
// All names are found by the connection's search_path; nothing needs a superuser. Versions are applied under an
// advisory lock, so any number of nodes may start at once. The versions that are there stand in
//   disposable_schema(component text primary key, version integer)
// Component "audit", version 1:
//   secret_logs(id, secret_key, action, ip_address, created_at, extra_data, event_id, prev_hash, hash)
//     one row an event, ids 1 to n without gaps; audit/chain.h says what the hashes cover, with the columns in the text
//     form of postgres_audit_row.h. extra_data is json and not jsonb, which would not keep the text that was hashed.
//   secret_logs_head(one, count, hash, mac)
//     one row, written in the transaction of the rows it counts; locked by whoever appends
// Component "ledger", version 1:
//   reveal_ledger(secret, claim, expires_at)
//     one row for a secret that somebody may have; secret is the store's id of it
// Component "webhooks", version 1:
//   webhook_deliveries(event, kind, fingerprint, webhook, destination, body, created_at, due, attempts, settled_at)
//     as in audit/sqlite/sqlite_delivery_queue.h

#pragma once

#include "audit/audit_move.h"
#include "audit/postgres/postgres_session.h"
#include "crypto/secret_bytes.h"

namespace disposable {

// Creates what is missing, in one transaction. kCorrupt: a newer version than this program knows, or tables of the same
// names that are not ours. `audit_key` seals the head of a new log.
Result<void> create_audit_schema(PostgresSession& session, const SymmetricKey& audit_key);
Result<void> create_ledger_schema(PostgresSession& session);
Result<void> create_webhook_schema(PostgresSession& session);

// For readers: changes nothing. kNotFound: there is no audit log. kCorrupt: another version, or no ordinary table.
Result<void> identify_audit_schema(PostgresSession& session);

// The log was moved to another database: its tables become secret_logs_moved_1 and secret_logs_head_moved_1, or with
// the next number that is free; nobody writes to them or takes them for the log. kUnavailable: it has another number of
// rows than `rows`, so somebody still writes it.
Result<void> retire_audit_schema(PostgresSession& session, std::uint64_t rows);
// What is in the latest of them, if that was done and no log was made since.
Result<std::optional<RetiredLog>> audit_schema_retired(PostgresSession& session);

// The same text for the same log, by whatever URL it was reached; empty when there is no log.
Result<std::string> identity_of_audit_schema(PostgresSession& session);

}  // namespace disposable
