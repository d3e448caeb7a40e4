// AuditSource: what an operator asks of the audit log, whichever database holds it.

#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "audit/chain.h"

namespace disposable {

// An absent filter lets everything pass.
struct AuditFilter {
  std::optional<Fingerprint> fingerprint{};
  std::optional<Action> action{};
  std::optional<WallTime> since{};  // created at this time or later
  std::size_t limit = 100;
};

struct VerifyReport {
  bool ok = false;
  std::uint64_t rows = 0;         // rows found good, counted from the first
  std::int64_t first_bad_id = 0;  // the id that is wrong or missing; 0 when no row is, but the head or the file
  std::string reason{};           // one line without values of rows; empty when ok
  ChainHash hash = kChainStart;   // of the last good row: two logs with the same one are the same
};

// Told how many rows were checked, every kVerifyProgressRows. Must not touch the log.
using VerifyProgress = std::function<void(std::uint64_t rows)>;
inline constexpr std::uint64_t kVerifyProgressRows = 100'000;

// One thread at a time. Changes no row and creates no log; works while others write it.
class AuditSource {
 public:
  AuditSource() = default;
  AuditSource(const AuditSource&) = delete;
  AuditSource& operator=(const AuditSource&) = delete;
  virtual ~AuditSource() = default;

  // The newest `limit` rows that pass, the newest one last, as a terminal shows a log. kUnavailable, kCorrupt.
  virtual Result<std::vector<AuditRow>> list(const AuditFilter& filter) = 0;
  // The first `limit` rows whose id is greater, the lowest one first. kUnavailable, kCorrupt.
  virtual Result<std::vector<AuditRow>> rows_after(std::int64_t id, std::size_t limit) = 0;
  virtual Result<bool> contains(const EventId& id) = 0;

  // Walks one snapshot of all rows. A log that is not as it was written is a report with ok = false. Errors are for a
  // verification that could not be made: kCorrupt (not an audit log) and kUnavailable. A wrong key looks like an edited
  // first row with an edited head; the reason names both possibilities. `progress` may be empty.
  virtual Result<VerifyReport> verify(const SymmetricKey& audit_key, const VerifyProgress& progress) = 0;

 protected:
  AuditSource(AuditSource&&) = default;
  AuditSource& operator=(AuditSource&&) = default;
};

}  // namespace disposable
