#include "audit/sqlite/audit_verifier.h"

#include <algorithm>

#include "audit/sqlite/audit_reader.h"

namespace disposable {

namespace {

struct Finding {
  std::int64_t id = 0;
  std::string reason;
};

// The state of the walk: the chain as far as it is good.
class ChainWalk {
 public:
  explicit ChainWalk(const SymmetricKey& audit_key) : audit_key_(audit_key) {}

  // Takes the next row in the order of ids, with the columns of kSelectRows.
  std::optional<Finding> check(const SqliteStatement& row);
  const ChainHead& head() const { return head_; }

 private:
  const SymmetricKey& audit_key_;
  ChainHead head_;
};

constexpr int kPreviousHashColumn = 7;
constexpr int kHashColumn = 8;

std::string select_rows() {
  return "SELECT " + std::string(kRowColumns) + ", prev_hash, hash FROM secret_logs NOT INDEXED ORDER BY id";
}

std::optional<Finding> ChainWalk::check(const SqliteStatement& row) {
  const std::int64_t expected = head_.count + 1;
  const std::int64_t id = row.integer(0).value_or(0);
  if (id > expected) {
    return Finding{expected, "the row is missing"};
  }
  if (id < expected) {
    return Finding{id, "the row was inserted before the first one"};
  }
  const std::optional<AuditRow> columns = row_columns(row);
  const std::optional<ChainHash> previous = hash_column(row, kPreviousHashColumn);
  const std::optional<ChainHash> hash = hash_column(row, kHashColumn);
  if (!columns || !previous || !hash) {
    return Finding{id, "a column has a type or size that is never written: the row was edited"};
  }
  if (*previous != head_.hash) {
    return Finding{id,
                   "prev_hash is not the hash of the row before: a row was deleted, inserted, moved or edited here"};
  }
  const ChainHash computed = row_hash(audit_key_, head_.hash, *columns);
  if (computed != *hash) {
    return Finding{id, "the columns do not match the hash: the row was edited, inserted or moved"};
  }
  head_ = ChainHead{.count = id, .hash = computed};
  return std::nullopt;
}

std::optional<Finding> check_head(const SealedHead& sealed, const ChainHead& walked, const SymmetricKey& audit_key) {
  if (!equal_constant_time(sealed.mac, head_mac(audit_key, sealed.head))) {
    return Finding{0, "the head was not sealed with this key: it was edited, or this is the wrong key file"};
  }
  if (walked.count < sealed.head.count) {
    return Finding{walked.count + 1, "the row is missing: the end of the log was cut off"};
  }
  if (walked.count > sealed.head.count) {
    return Finding{sealed.head.count + 1, "the row is not counted in the head: an earlier head was put back"};
  }
  if (walked.hash != sealed.head.hash) {
    return Finding{walked.count, "the row is not the one that the head names: an earlier head was put back"};
  }
  return std::nullopt;
}

// An index that lacks a row would hide it from `audit`, though the row itself is whole.
Result<std::optional<Finding>> check_file(SqliteConnection& connection) {
  const Result<std::string> verdict = connection.query_text("PRAGMA integrity_check(1)");
  if (!verdict && verdict.error().code != Errc::kCorrupt) {
    return fail(verdict.error());
  }
  std::string text = verdict ? *verdict : verdict.error().detail;
  if (text == "ok") {
    return std::nullopt;
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  return Finding{0, "the database file is damaged: " + text};
}

// Stops at the first bad row. Damage that SQLite finds itself is reported like a bad row.
Result<std::optional<Finding>> walk_rows(SqliteConnection& connection, ChainWalk& walk,
                                         const VerifyProgress& progress) {
  Result<SqliteStatement> select = connection.prepare(select_rows());
  if (!select) {
    return fail(select.error());
  }
  while (true) {
    const Result<bool> found = select->step();
    if (!found && found.error().code == Errc::kCorrupt) {
      return Finding{walk.head().count + 1, "the row cannot be read: " + found.error().detail};
    }
    if (!found) {
      return fail(found.error());
    }
    if (!*found) {
      return std::nullopt;
    }
    std::optional<Finding> finding = walk.check(*select);
    if (finding) {
      return finding;
    }
    const auto rows = static_cast<std::uint64_t>(walk.head().count);
    if (progress && rows % kVerifyProgressRows == 0) {
      progress(rows);
    }
  }
}

Result<std::optional<Finding>> find_first(SqliteConnection& connection, const SymmetricKey& audit_key, ChainWalk& walk,
                                          const VerifyProgress& progress) {
  Result<SqliteStatement> select_head = connection.prepare(kSelectHead);
  if (!select_head) {
    return fail(select_head.error());
  }
  const Result<SealedHead> sealed = read_head(*select_head);
  if (!sealed && sealed.error().code != Errc::kCorrupt) {
    return fail(sealed.error());
  }
  Result<std::optional<Finding>> finding = walk_rows(connection, walk, progress);
  if (!finding) {
    return finding;
  }
  const std::optional<Finding> head =
      sealed ? check_head(*sealed, walk.head(), audit_key) : Finding{0, sealed.error().detail};
  if (*finding && head && head->id == 0 && (*finding)->id == 1) {
    (*finding)->reason += "; " + head->reason;
  }
  if (*finding || head) {
    return *finding ? *finding : head;
  }
  return check_file(connection);
}

}  // namespace

Result<VerifyReport> verify_audit_log(const std::filesystem::path& path, const SymmetricKey& audit_key,
                                      const VerifyProgress& progress) {
  Result<SqliteConnection> connection = open_audit_log_for_reading(path);
  if (!connection) {
    return fail(connection.error());
  }
  const Result<void> snapshot = connection->execute("BEGIN");
  if (!snapshot) {
    return fail(about_file(path, snapshot.error()));
  }
  ChainWalk walk(audit_key);
  const Result<std::optional<Finding>> finding = find_first(*connection, audit_key, walk, progress);
  if (!finding) {
    return fail(about_file(path, finding.error()));
  }
  VerifyReport report{.ok = !finding->has_value(), .rows = static_cast<std::uint64_t>(walk.head().count)};
  if (*finding) {
    report.first_bad_id = (*finding)->id;
    report.reason = (*finding)->reason;
  }
  return report;
}

}  // namespace disposable
