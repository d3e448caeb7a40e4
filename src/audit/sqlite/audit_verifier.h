// Verification of the audit log: walks every row and finds what was edited, deleted, inserted or moved.

#pragma once

#include <functional>

#include "audit/sqlite/audit_schema.h"

namespace disposable {

struct VerifyReport {
  bool ok = false;
  std::uint64_t rows = 0;         // rows found good, counted from the first
  std::int64_t first_bad_id = 0;  // the id that is wrong or missing; 0 when no row is, but the head or the file
  std::string reason{};           // one line without values of rows; empty when ok
};

// Told how many rows were checked, every kVerifyProgressRows. Must not touch the log.
using VerifyProgress = std::function<void(std::uint64_t rows)>;
inline constexpr std::uint64_t kVerifyProgressRows = 100'000;

// Reads one snapshot, so a server may go on writing. A log that is not as it was written is a report with ok = false.
// Errors are for a verification that could not be made: kNotFound, kCorrupt (not an audit log) and kUnavailable. A
// wrong key looks like an edited first row with an edited head; the reason names both possibilities. Thread-safe.
Result<VerifyReport> verify_audit_log(const std::filesystem::path& path, const SymmetricKey& audit_key,
                                      const VerifyProgress& progress = {});

}  // namespace disposable
