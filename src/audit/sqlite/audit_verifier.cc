#include "audit/sqlite/audit_verifier.h"

#include <algorithm>

#include "audit/sqlite/audit_reader.h"

namespace disposable {

namespace {

constexpr int kPreviousHashColumn = 7;
constexpr int kHashColumn = 8;

std::string select_rows() {
  return "SELECT " + std::string(kRowColumns) + ", prev_hash, hash FROM secret_logs NOT INDEXED ORDER BY id";
}

Result<std::optional<ChainRow>> next_row(SqliteStatement& select) {
  const Result<bool> found = select.step();
  if (!found) {
    return fail(found.error());
  }
  if (!*found) {
    return std::nullopt;
  }
  return ChainRow{.id = select.integer(0).value_or(0),
                  .columns = row_columns(select),
                  .previous = hash_column(select, kPreviousHashColumn),
                  .hash = hash_column(select, kHashColumn)};
}

// What is wrong with the file, or "ok". An index that lacks a row would hide it from `audit`, though the row itself is
// whole.
Result<std::string> check_file(SqliteConnection& connection) {
  const Result<std::string> verdict = connection.query_text("PRAGMA integrity_check(1)");
  if (!verdict && verdict.error().code != Errc::kCorrupt) {
    return fail(verdict.error());
  }
  std::string text = verdict ? *verdict : verdict.error().detail;
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

Result<VerifyReport> verify_snapshot(SqliteConnection& connection, const SymmetricKey& audit_key,
                                     const VerifyProgress& progress) {
  Result<SqliteStatement> select_head = connection.prepare(kSelectHead);
  if (!select_head) {
    return fail(select_head.error());
  }
  const Result<SealedHead> sealed = read_head(*select_head);
  Result<SqliteStatement> select = connection.prepare(select_rows());
  if (!select) {
    return fail(select.error());
  }
  Result<VerifyReport> report = walk_chain(
      sealed, [&select] { return next_row(*select); }, audit_key, progress);
  if (!report || !report->ok) {
    return report;
  }
  const Result<std::string> file = check_file(connection);
  if (!file) {
    return fail(file.error());
  }
  if (*file != "ok") {
    report->ok = false;
    report->reason = "the database file is damaged: " + *file;
  }
  return report;
}

}  // namespace

Result<VerifyReport> verify_audit_log(SqliteConnection& connection, const SymmetricKey& audit_key,
                                      const VerifyProgress& progress) {
  const Result<void> snapshot = connection.execute("BEGIN");
  if (!snapshot) {
    return fail(snapshot.error());
  }
  Result<VerifyReport> report = verify_snapshot(connection, audit_key, progress);
  ignore(connection.execute("ROLLBACK"), "nothing was written; the report is what counts");
  return report;
}

Result<VerifyReport> verify_audit_log(const std::filesystem::path& path, const SymmetricKey& audit_key,
                                      const VerifyProgress& progress) {
  Result<SqliteConnection> connection = open_audit_log_for_reading(path);
  if (!connection) {
    return fail(connection.error());
  }
  const Result<VerifyReport> report = verify_audit_log(*connection, audit_key, progress);
  return report ? report : fail(about_file(path, report.error()));
}

}  // namespace disposable
