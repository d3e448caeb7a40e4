#include "audit/audit_move.h"

namespace disposable {

namespace {

constexpr std::size_t kBatch = 1000;

Result<VerifyReport> verified(AuditSource& log, const SymmetricKey& audit_key) {
  Result<VerifyReport> report = log.verify(audit_key, {});
  if (report && !report->ok) {
    return fail(Errc::kCorrupt, "the audit log was changed: " + report->reason + "; see audit verify");
  }
  return report;
}

// How many rows of the source the target has already. One that began otherwise is another log.
Result<std::int64_t> rows_there(AuditSource& from, AuditSource& to) {
  AuditFilter newest;
  newest.limit = 1;
  const Result<std::vector<AuditRow>> last = to.list(newest);
  if (!last || last->empty()) {
    return last ? Result<std::int64_t>(0) : fail(last.error());
  }
  const Result<std::vector<AuditRow>> same = from.rows_after(last->back().id - 1, 1);
  if (!same) {
    return fail(same.error());
  }
  if (same->empty() || same->front() != last->back()) {
    return fail(Errc::kInvalidArgument, "the target holds another audit log; name an empty one");
  }
  return last->back().id;
}

Result<void> append(AuditLog& to, const std::vector<AuditRow>& rows) {
  std::vector<Event> events;
  for (const AuditRow& row : rows) {
    Result<Event> event = event_of(row);
    if (!event) {
      return fail(event.error());
    }
    events.push_back(std::move(*event));
  }
  return to.append(events);
}

}  // namespace

Result<std::uint64_t> move_audit_log(AuditSource& from, AuditLog& to, AuditSource& to_read,
                                     const SymmetricKey& audit_key, const VerifyProgress& progress) {
  const Result<VerifyReport> source = verified(from, audit_key);
  const Result<std::int64_t> there = source ? rows_there(from, to_read) : fail(source.error());
  if (!there) {
    return fail(there.error());
  }
  std::int64_t moved = *there;
  for (;;) {
    const Result<std::vector<AuditRow>> rows = from.rows_after(moved, kBatch);
    if (!rows) {
      return fail(rows.error());
    }
    if (rows->empty()) {
      break;
    }
    const Result<void> appended = append(to, *rows);
    if (!appended) {
      return fail(appended.error());
    }
    moved = rows->back().id;
    if (progress) {
      progress(static_cast<std::uint64_t>(moved));
    }
  }
  const Result<VerifyReport> target = verified(to_read, audit_key);
  if (!target) {
    return fail(target.error());
  }
  if (target->rows != source->rows || target->hash != source->hash) {
    return fail(Errc::kCorrupt, "the target does not hold what was written to it; the source is as it was");
  }
  return target->rows;
}

Result<std::uint64_t> verify_moved_log(const RetiredLog& moved, AuditSource& to, const SymmetricKey& audit_key) {
  const Result<std::vector<AuditRow>> row =
      moved.rows == 0 ? std::vector<AuditRow>{} : to.rows_after(moved.rows - 1, 1);
  if (!row) {
    return fail(row.error());
  }
  if (moved.rows != 0 && (row->empty() || row->front().event_id != moved.last_event)) {
    return fail(Errc::kInvalidArgument, "the audit log was moved already, and not to there");
  }
  const Result<VerifyReport> report = verified(to, audit_key);
  return report ? Result<std::uint64_t>(report->rows) : fail(report.error());
}

}  // namespace disposable
