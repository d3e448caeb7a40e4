// Goal: an audit log keeps its promises in every database. Method: each test runs over all of them, with a fresh log;
// a reader and the verifier look at the result. The table of tamperings is in audit_tamper_test.cc.

#include "audit/audit_databases.h"

namespace disposable {
namespace {

template <class Test>
void for_each_database(const Test& test) {
  for (const AuditDatabaseKind& kind : audit_databases()) {
    CAPTURE(kind.name);
    const std::unique_ptr<AuditDatabase> database = kind.create();
    test(*database);
  }
}

std::vector<std::int64_t> ids_of(const Result<std::vector<AuditRow>>& rows) {
  REQUIRE_MESSAGE(rows, (rows ? "" : rows.error().detail));
  std::vector<std::int64_t> ids;
  for (const AuditRow& row : *rows) {
    ids.push_back(row.id);
  }
  return ids;
}

TEST_CASE("append: rows come back in order with dense ids") {
  for_each_database([](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    const auto log = database.log(key);
    REQUIRE(log->append(test_events(1, 3)));
    REQUIRE(log->append(test_events(4, 2)));
    CHECK(database.rows() == expected_rows(5));
    database.check_whole(key, 5);
  });
}

TEST_CASE("append: no events change nothing") {
  for_each_database([](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    REQUIRE(database.log(key)->append({}));
    database.check_whole(key, 0);
  });
}

TEST_CASE("append: events that are there already are skipped, between calls and within one") {
  for_each_database([](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    const auto log = database.log(key);
    REQUIRE(log->append(test_events(1, 4)));
    REQUIRE(log->append(test_events(1, 4)));
    std::vector<Event> overlapping = test_events(3, 3);
    overlapping.push_back(test_event(5));
    overlapping.push_back(test_event(6));
    REQUIRE(log->append(overlapping));
    CHECK(database.rows() == expected_rows(6));
    database.check_whole(key, 6);
  });
}

TEST_CASE("append: the chain goes on after a restart") {
  for_each_database([](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    for (std::uint64_t start = 1; start <= 9; start += 3) {
      REQUIRE(database.log(key)->append(test_events(start, 3)));
    }
    CHECK(database.rows() == expected_rows(9));
    database.check_whole(key, 9);
  });
}

TEST_CASE("append: text with quotes, braces, backslashes and other alphabets is kept as it is") {
  for_each_database([](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    Event event = test_event(1);
    event.address = "fe80::1%eth0'\",{}\\;-- NULL $1";
    event.extra_data = "{ \"\xC3\xA4\xE2\x82\xAC\\u0000\\\"\":1, \"a\":1, \"a\":2 }";
    REQUIRE(database.log(key)->append({&event, 1}));
    CHECK(database.rows() == std::vector<AuditRow>{audit_row(1, event)});
    database.check_whole(key, 1);
  });
}

TEST_CASE("contains: knows what was appended, also after a restart") {
  for_each_database([](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    {
      const auto log = database.log(key);
      CHECK_FALSE(log->contains(test_event(1).id).value());
      REQUIRE(log->append(test_events(1, 2)));
      CHECK(log->contains(test_event(1).id).value());
    }
    const auto log = database.log(key);
    CHECK(log->contains(test_event(2).id).value());
    CHECK_FALSE(log->contains(test_event(3).id).value());
    CHECK(database.source()->contains(test_event(2).id).value());
    CHECK_FALSE(database.source()->contains(test_event(3).id).value());
  });
}

TEST_CASE("open: a wrong key is refused and changes nothing") {
  for_each_database([](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    REQUIRE(database.log(key)->append(test_events(1, 5)));
    const SymmetricKey wrong = test_audit_key(9);
    const Result<std::unique_ptr<AuditLog>> log = database.open(wrong);
    REQUIRE_FALSE(log);
    CHECK(log.error().code == Errc::kCorrupt);
    CHECK(log.error().detail.find("wrong key file") != std::string::npos);
    database.check_whole(key, 5);
  });
}

TEST_CASE("append: a log that somebody changed meanwhile is not continued") {
  struct Row {
    std::string name;
    const char* sql;
  };
  const Row rows[] = {
      {"a row sits at the next id",
       "INSERT INTO secret_logs SELECT 5, secret_key, action, ip_address, created_at, extra_data, "
       "'ffffffff-ffff-7fff-bfff-ffffffffffff', prev_hash, hash FROM secret_logs WHERE id = 4"},
      {"put back to an earlier state, with its head",
       "DELETE FROM secret_logs WHERE id > 2; UPDATE secret_logs_head SET count = 2, hash = (SELECT hash FROM "
       "secret_logs WHERE id = 2), mac = (SELECT mac FROM earlier)"},
      {"the head deleted", "DELETE FROM secret_logs_head"},
      {"the head emptied", "UPDATE secret_logs_head SET hash = zeroblob(0)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    for_each_database([&row](const AuditDatabase& database) {
      const SymmetricKey key = test_audit_key();
      const auto log = database.log(key);
      REQUIRE(log->append(test_events(1, 2)));
      database.run_sql("CREATE TABLE earlier AS SELECT * FROM secret_logs_head");
      REQUIRE(log->append(test_events(3, 2)));
      database.run_sql(row.sql);
      for (int attempt = 0; attempt < 2; ++attempt) {
        const Result<void> refused = log->append(test_events(5, 1));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::kCorrupt);
        database.run_sql("UPDATE secret_logs_head SET count = count");  // no transaction was left open
      }
      CHECK_FALSE(log->contains(test_event(5).id).value());
    });
  }
}

TEST_CASE("list: filters, limits and ends with the newest row") {
  const Fingerprint second = test_event(2).fingerprint;  // of 2, 5, 8, ...
  const Action denied = test_event(4).action;            // of 4, 10, 16, ...
  REQUIRE(denied == Action::kDenied);
  const WallTime at_50 = test_event(50).at;
  struct Row {
    std::string name;
    AuditFilter filter;
    std::vector<std::int64_t> ids;
  };
  const std::vector<Row> rows = {
      {"limit", {.limit = 3}, {58, 59, 60}},
      {"limit of zero", {.limit = 0}, {}},
      {"a secret", {.fingerprint = second, .limit = 4}, {50, 53, 56, 59}},
      {"an unknown secret", {.fingerprint = Fingerprint{{9}}}, {}},
      {"an action", {.action = denied, .limit = 2}, {52, 58}},
      {"since, inclusive", {.since = at_50, .limit = 5}, {56, 57, 58, 59, 60}},
      {"since, just after", {.since = at_50 + std::chrono::milliseconds(1)}, {51, 52, 53, 54, 55, 56, 57, 58, 59, 60}},
      {"since the future", {.since = at_50 + std::chrono::hours(1)}, {}},
      {"all together",
       {.fingerprint = second, .action = Action::kExpired, .since = at_50 - std::chrono::minutes(1)},
       {}},
      {"a secret's action", {.fingerprint = second, .action = Action::kDeleted, .limit = 2}, {50, 56}},
      {"a secret's action since", {.fingerprint = second, .action = Action::kDeleted, .since = at_50}, {50, 56}},
  };
  for_each_database([&rows](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    REQUIRE(database.log(key)->append(test_events(1, 60)));
    const auto source = database.source();
    for (const Row& row : rows) {
      CAPTURE(row.name);
      CHECK(ids_of(source->list(row.filter)) == row.ids);
    }
    CHECK(source->list({})->size() == 60);
    CHECK(source->list({.limit = static_cast<std::size_t>(-1)})->size() == 60);
  });
}

TEST_CASE("list: shows 100 rows unless told otherwise") {
  for_each_database([](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    REQUIRE(database.log(key)->append(test_events(1, 150)));
    const Result<std::vector<AuditRow>> rows = database.source()->list({});
    REQUIRE(rows);
    REQUIRE(rows->size() == 100);
    CHECK(rows->front().id == 51);
    CHECK(rows->back().id == 150);
  });
}

TEST_CASE("list: since finds rows whose times are not in the order of their ids") {
  const std::vector<Event> events = {test_event(10), test_event(3), test_event(11), test_event(2), test_event(12)};
  for_each_database([&events](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    REQUIRE(database.log(key)->append(events));
    CHECK(ids_of(database.source()->list({.since = test_event(10).at})) == std::vector<std::int64_t>{1, 3, 5});
  });
}

TEST_CASE("list: sees what was appended while the writer is open") {
  for_each_database([](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    const auto log = database.log(key);
    const auto source = database.source();
    CHECK(ids_of(source->list({})).empty());
    REQUIRE(log->append(test_events(1, 2)));
    CHECK(ids_of(source->list({})) == std::vector<std::int64_t>{1, 2});
    REQUIRE(log->append(test_events(3, 1)));
    CHECK(ids_of(source->list({})) == std::vector<std::int64_t>{1, 2, 3});
  });
}

TEST_CASE("verify: an untouched log is whole, as often as it is asked") {
  for_each_database([](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    build_tamper_log(database, key);
    const auto source = database.source();
    for (int round = 0; round < 2; ++round) {
      const Result<VerifyReport> report = source->verify(key, {});
      REQUIRE(report);
      CHECK(report->ok);
      CHECK(report->rows == kTamperLogRows);
      CHECK(report->first_bad_id == 0);
      CHECK(report->reason.empty());
    }
    CHECK(source->list({})->size() == 100);
  });
}

TEST_CASE("verify: a wrong key is named as a possible cause") {
  const SymmetricKey key = test_audit_key();
  const SymmetricKey wrong = test_audit_key(9);
  for (const std::uint64_t rows : {std::uint64_t{0}, std::uint64_t{5}}) {
    CAPTURE(rows);
    for_each_database([&](const AuditDatabase& database) {
      REQUIRE(database.log(key)->append(test_events(1, rows)));
      const Result<VerifyReport> report = database.verify(wrong);
      REQUIRE(report);
      CHECK_FALSE(report->ok);
      CHECK(report->first_bad_id == (rows == 0 ? 0 : 1));
      CHECK(report->reason.find("wrong key file") != std::string::npos);
    });
  }
}

TEST_CASE("verify: a log without its table is an error") {
  for_each_database([](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    build_tamper_log(database, key);
    database.run_sql("DROP TABLE secret_logs");
    const Result<std::unique_ptr<AuditSource>> source = database.open_source();
    const Result<VerifyReport> report = source ? (*source)->verify(key, {}) : fail(source.error());
    REQUIRE_FALSE(report);
    CHECK(report.error().code == Errc::kCorrupt);
    CHECK(report.error().detail.find("no ") != std::string::npos);
  });
}

TEST_CASE("verify: a view in the place of the table is not believed") {
  for_each_database([](const AuditDatabase& database) {
    const SymmetricKey key = test_audit_key();
    build_tamper_log(database, key);
    database.run_sql("ALTER TABLE secret_logs RENAME TO real_logs; CREATE VIEW secret_logs AS SELECT * FROM real_logs");
    const Result<std::unique_ptr<AuditSource>> source = database.open_source();
    const Result<VerifyReport> report = source ? (*source)->verify(key, {}) : fail(source.error());
    CHECK_FALSE((report && report->ok));
  });
}

TEST_CASE("verify: tells its progress") {
  const std::unique_ptr<AuditDatabase> database = audit_databases().front().create();
  const SymmetricKey key = test_audit_key();
  {
    const auto log = database->log(key);
    for (std::uint64_t first = 1; first <= 100'001; first += 10'000) {
      REQUIRE(log->append(test_events(first, 10'000)));
    }
  }
  std::vector<std::uint64_t> told;
  const Result<VerifyReport> report = database->verify(key, [&told](std::uint64_t rows) { told.push_back(rows); });
  REQUIRE(report);
  CHECK(report->ok);
  CHECK(report->rows == 110'000);
  CHECK(told == std::vector<std::uint64_t>{100'000});
}

}  // namespace
}  // namespace disposable
