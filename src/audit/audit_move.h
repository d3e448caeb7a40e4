// An audit log carried to another database, row by row, with the same hashes.
//
// The hashes follow from the rows and the key, so appending the same events in the same order makes the same chain; and
// appending again what is there changes nothing, so a move that was broken off is simply begun again. Pure but for the
// logs; one thread.

#pragma once

#include <functional>

#include "audit/audit_source.h"
#include "core/audit.h"

namespace disposable {

// How many rows there are, all durable in `to` and compared: both logs were verified, and their last hashes are the
// same. `to` and `to_read` are the same log. kCorrupt: the source was changed, or was sealed with another key; nothing
// was written. kInvalidArgument: the target holds another log. `progress` is told how many rows there are in the
// target; it may be empty.
Result<std::uint64_t> move_audit_log(AuditSource& from, AuditLog& to, AuditSource& to_read,
                                     const SymmetricKey& audit_key, const VerifyProgress& progress);

// What is known of a log that was moved and kept under another name.
struct RetiredLog {
  std::int64_t rows = 0;
  std::string last_event{};  // event_id of its last row; empty without rows
};

// How many rows `to` has, when it goes on from that log. kInvalidArgument: it does not. kCorrupt: it was changed.
Result<std::uint64_t> verify_moved_log(const RetiredLog& moved, AuditSource& to, const SymmetricKey& audit_key);

}  // namespace disposable
