// Goal: nothing can be changed in the audit log without the key and stay unnoticed, and the finding names the place, in
// every database. Method: each row of the tables edits a log of 200 rows with plain SQL, as somebody with the database
// and a shell would, and says which id must be found.

#include "audit/audit_databases.h"

namespace disposable {
namespace {

struct Tampering {
  std::string name;
  std::vector<std::string> steps;  // each on a connection of its own
  std::int64_t first_bad_id;
  const char* reason;
  const char* only = "";  // the one database whose SQL it is
};

// Puts row `to` in the place of row `from`, all but the id (and, when asked, with its own hashes).
std::string copy_columns(int to, int from, bool with_hashes) {
  std::string columns = "secret_key, action, ip_address, created_at, extra_data, event_id";
  if (with_hashes) {
    columns += ", prev_hash, hash";
  }
  return "UPDATE secret_logs SET (" + columns + ") = (SELECT " + columns +
         " FROM saved WHERE id = " + std::to_string(from) + ") WHERE id = " + std::to_string(to) + ";";
}

std::string swap_rows(int a, int b, bool with_hashes) {
  return "CREATE TEMP TABLE saved AS SELECT * FROM secret_logs; UPDATE secret_logs SET event_id = "
         "'ffffffff-ffff-7fff-bfff-ffffffffffff' WHERE id = " +
         std::to_string(b) + ";" + copy_columns(a, b, with_hashes) + copy_columns(b, a, with_hashes);
}

std::string forged_row(int id, const std::string& previous, const std::string& hash) {
  return "INSERT INTO secret_logs SELECT " + std::to_string(id) +
         ", secret_key, action, ip_address, created_at, extra_data, 'ffffffff-ffff-7fff-bfff-ffffffffffff', " +
         previous + ", " + hash + " FROM secret_logs WHERE id = 7;";
}

const char* const kMakeRoomAt101 =
    "UPDATE secret_logs SET id = -id WHERE id > 100; UPDATE secret_logs SET id = 1 - id WHERE id < 0;";
const char* const kAllowAnyType =
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(replace(sql, ' STRICT', ''), ' NOT NULL', '') "
    "WHERE name IN ('secret_logs', 'secret_logs_head');";

std::vector<Tampering> edited_columns() {
  const char* const edited = "do not match the hash";
  return {
      {"secret_key",
       {"UPDATE secret_logs SET secret_key = '00000000-0000-8000-8000-000000000000' WHERE id = 100"},
       100,
       edited},
      {"action", {"UPDATE secret_logs SET action = 'created' WHERE id = 100"}, 100, edited},
      {"ip_address", {"UPDATE secret_logs SET ip_address = '192.0.2.99' WHERE id = 100"}, 100, edited},
      {"ip_address with a zero byte",
       {"UPDATE secret_logs SET ip_address = ip_address || char(0) WHERE id = 100"},
       100,
       edited,
       "SQLite"},
      {"created_at", {"UPDATE secret_logs SET created_at = '2020-01-01T00:00:00.000Z' WHERE id = 100"}, 100, edited},
      {"extra_data", {"UPDATE secret_logs SET extra_data = '{}' WHERE id = 100"}, 100, edited},
      {"event_id",
       {"UPDATE secret_logs SET event_id = 'ffffffff-ffff-7fff-bfff-ffffffffffff' WHERE id = 100"},
       100,
       edited},
      {"prev_hash", {"UPDATE secret_logs SET prev_hash = zeroblob(32) WHERE id = 100"}, 100, "prev_hash"},
      {"hash", {"UPDATE secret_logs SET hash = zeroblob(32) WHERE id = 100"}, 100, edited},
      {"hash, and the next prev_hash after it",
       {"UPDATE secret_logs SET hash = zeroblob(32) WHERE id = 100; "
        "UPDATE secret_logs SET prev_hash = zeroblob(32) WHERE id = 101"},
       100,
       edited},
      {"a short hash", {"UPDATE secret_logs SET hash = zeroblob(1) WHERE id = 100"}, 100, "type or size"},
      {"id to the end", {"UPDATE secret_logs SET id = 201 WHERE id = 100"}, 100, "missing"},
      {"id to zero", {"UPDATE secret_logs SET id = 0 WHERE id = 100"}, 0, "before the first"},
      {"id below zero", {"UPDATE secret_logs SET id = -5 WHERE id = 100"}, -5, "before the first"},
      {"two columns that keep their joint text",
       {"UPDATE secret_logs SET ip_address = ip_address || '2', created_at = substr(created_at, 2) WHERE id = 101"},
       101,
       edited,
       "SQLite"},
      {"the first row", {"UPDATE secret_logs SET action = 'denied' WHERE id = 1"}, 1, edited},
      {"the last row", {"UPDATE secret_logs SET action = 'denied' WHERE id = 200"}, 200, edited},
      {"every row", {"UPDATE secret_logs SET ip_address = ''"}, 1, edited},
  };
}

// What only one of the databases can be made to hold.
std::vector<Tampering> edited_types() {
  const char* const edited = "do not match the hash";
  return {
      {"created_at by a millisecond",
       {"UPDATE secret_logs SET created_at = created_at + interval '1 millisecond' WHERE id = 100"},
       100,
       edited,
       "PostgreSQL"},
      {"extra_data by a blank",
       {"UPDATE secret_logs SET extra_data = (extra_data::text || ' ')::json WHERE id = 100"},
       100,
       edited,
       "PostgreSQL"},
      {"extra_data in another type",
       {"ALTER TABLE secret_logs ALTER COLUMN extra_data TYPE jsonb"},
       1,
       edited,
       "PostgreSQL"},
      {"NULL",
       {"ALTER TABLE secret_logs ALTER COLUMN ip_address DROP NOT NULL",
        "UPDATE secret_logs SET ip_address = NULL WHERE id = 100"},
       100,
       "type or size",
       "PostgreSQL"},
      {"the end of time",
       {"UPDATE secret_logs SET created_at = 'infinity' WHERE id = 100"},
       100,
       "type or size",
       "PostgreSQL"},
      {"text as a blob",
       {kAllowAnyType, "UPDATE secret_logs SET action = CAST(action AS BLOB) WHERE id = 100"},
       100,
       "type or size",
       "SQLite"},
      {"empty text as NULL",
       {kAllowAnyType, "UPDATE secret_logs SET ip_address = NULL WHERE id = 100"},
       100,
       "type or size",
       "SQLite"},
      {"a hash as text",
       {kAllowAnyType, "UPDATE secret_logs SET hash = hex(hash) WHERE id = 100"},
       100,
       "type or size",
       "SQLite"},
  };
}

std::vector<Tampering> moved_rows() {
  const char* const close_gap =
      "UPDATE secret_logs SET id = -id WHERE id > 100; UPDATE secret_logs SET id = -id - 1 WHERE id < 0";
  return {
      {"first deleted", {"DELETE FROM secret_logs WHERE id = 1"}, 1, "missing"},
      {"middle deleted", {"DELETE FROM secret_logs WHERE id = 100"}, 100, "missing"},
      {"middle deleted, gap closed", {"DELETE FROM secret_logs WHERE id = 100", close_gap}, 100, "prev_hash"},
      {"middle deleted, gap closed, link mended",
       {"UPDATE secret_logs SET prev_hash = (SELECT prev_hash FROM secret_logs WHERE id = 100) WHERE id = 101; "
        "DELETE FROM secret_logs WHERE id = 100",
        close_gap},
       100,
       "do not match the hash"},
      {"last deleted", {"DELETE FROM secret_logs WHERE id = 200"}, 200, "cut off"},
      {"last ten deleted", {"DELETE FROM secret_logs WHERE id > 190"}, 191, "cut off"},
      {"all deleted", {"DELETE FROM secret_logs"}, 1, "cut off"},
      {"swapped, all but the ids and hashes", {swap_rows(50, 150, false)}, 50, "do not match the hash"},
      {"swapped with their hashes", {swap_rows(50, 150, true)}, 50, "prev_hash"},
      {"neighbours swapped with their hashes", {swap_rows(100, 101, true)}, 100, "prev_hash"},
      {"forged at the end",
       {forged_row(201, "(SELECT hash FROM secret_logs WHERE id = 200)", "hash")},
       201,
       "do not match the hash"},
      {"forged at the end and counted",
       {forged_row(201, "(SELECT hash FROM secret_logs WHERE id = 200)", "hash"),
        "UPDATE secret_logs_head SET count = 201, hash = (SELECT hash FROM secret_logs WHERE id = 201)"},
       201,
       "do not match the hash"},
      {"forged in the middle",
       {kMakeRoomAt101, forged_row(101, "(SELECT hash FROM secret_logs WHERE id = 100)", "zeroblob(32)")},
       101,
       "do not match the hash"},
      {"forged in the middle as a copy of the row before",
       {kMakeRoomAt101, forged_row(101, "(SELECT prev_hash FROM secret_logs WHERE id = 100)",
                                   "(SELECT hash FROM secret_logs WHERE id = 100)")},
       101,
       "prev_hash"},
      {"forged before the first", {forged_row(0, "zeroblob(32)", "zeroblob(32)")}, 0, "before the first"},
      {"forged far behind", {forged_row(900, "zeroblob(32)", "zeroblob(32)")}, 201, "missing"},
  };
}

std::vector<Tampering> edited_heads() {
  const char* const unsealed = "not sealed with this key";
  return {
      {"tail cut off, count mended",
       {"DELETE FROM secret_logs WHERE id > 190; UPDATE secret_logs_head SET count = 190, hash = (SELECT hash FROM "
        "secret_logs WHERE id = 190)"},
       0,
       unsealed},
      {"emptied, head put to the start",
       {"DELETE FROM secret_logs; UPDATE secret_logs_head SET count = 0, hash = zeroblob(32)"},
       0,
       unsealed},
      {"an earlier head put back",
       {"UPDATE secret_logs_head SET (count, hash, mac) = (SELECT count, hash, mac FROM earlier)"},
       151,
       "not counted"},
      {"an earlier head with the present count",
       {"UPDATE secret_logs_head SET (hash, mac) = (SELECT hash, mac FROM earlier)"},
       0,
       unsealed},
      {"head count", {"UPDATE secret_logs_head SET count = 199"}, 0, unsealed},
      {"head hash", {"UPDATE secret_logs_head SET hash = zeroblob(32)"}, 0, unsealed},
      {"head mac", {"UPDATE secret_logs_head SET mac = zeroblob(32)"}, 0, unsealed},
      {"head mac of another size", {"UPDATE secret_logs_head SET mac = zeroblob(1)"}, 0, "malformed"},
      {"head deleted", {"DELETE FROM secret_logs_head"}, 0, "missing"},
      {"two heads", {"INSERT INTO secret_logs_head SELECT * FROM secret_logs_head"}, 0, "malformed", "SQLite"},
      {"two heads",
       {"ALTER TABLE secret_logs_head DROP CONSTRAINT secret_logs_head_pkey",
        "INSERT INTO secret_logs_head SELECT * FROM secret_logs_head"},
       0,
       "malformed",
       "PostgreSQL"},
      {"a head of other types",
       {kAllowAnyType, "UPDATE secret_logs_head SET count = '200 rows'"},
       0,
       "malformed",
       "SQLite"},
      {"a head of other types",
       {"ALTER TABLE secret_logs_head ALTER COLUMN count TYPE text", "UPDATE secret_logs_head SET count = '200 rows'"},
       0,
       "malformed",
       "PostgreSQL"},
  };
}

void check_found(const AuditDatabase& database, const Tampering& tampering) {
  const SymmetricKey key = test_audit_key();
  build_tamper_log(database, key);
  for (const std::string& step : tampering.steps) {
    database.run_sql(step);
  }
  const Result<VerifyReport> report = database.verify(key);
  REQUIRE_MESSAGE(report, (report ? "" : report.error().detail));
  CAPTURE(report->reason);
  CHECK_FALSE(report->ok);
  CHECK(report->first_bad_id == tampering.first_bad_id);
  CHECK(report->reason.find(tampering.reason) != std::string::npos);
}

TEST_CASE("verify: every tampering is found at its place") {
  std::vector<Tampering> all = edited_columns();
  for (const std::vector<Tampering>& table : {edited_types(), moved_rows(), edited_heads()}) {
    all.insert(all.end(), table.begin(), table.end());
  }
  for (const AuditDatabaseKind& kind : audit_databases()) {
    CAPTURE(kind.name);
    for (const Tampering& tampering : all) {
      if (*tampering.only == '\0' || kind.name == tampering.only) {
        CAPTURE(tampering.name);
        check_found(*kind.create(), tampering);
      }
    }
  }
}

}  // namespace
}  // namespace disposable
