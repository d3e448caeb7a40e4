// Goal: an audit log that is moved is the same log, wherever it was broken off, and no other log is touched. Method:
// from every database to every one; logs are broken off by appending only a part before.

#include "audit/audit_move.h"

#include "audit/audit_databases.h"
#include "audit/sqlite/retired_log.h"
#include "audit/sqlite_database.h"

namespace disposable {
namespace {

constexpr std::uint64_t kRows = 2500;  // more than two batches

template <class Test>
void for_each_way(const Test& test) {
  for (const AuditDatabaseKind& from : audit_databases()) {
    for (const AuditDatabaseKind& to : audit_databases()) {
      const std::string way = from.name + " to " + to.name;
      CAPTURE(way);
      const std::unique_ptr<AuditDatabase> source = from.create();
      const std::unique_ptr<AuditDatabase> target = to.create();
      test(*source, *target);
    }
  }
}

Result<std::uint64_t> move(const AuditDatabase& from, const AuditDatabase& to, const SymmetricKey& key) {
  const auto target = to.log(key);
  return move_audit_log(*from.source(), *target, *to.source(), key, {});
}

TEST_CASE("audit move: the rows and their chain are the same in the other database") {
  for_each_way([](const AuditDatabase& from, const AuditDatabase& to) {
    const SymmetricKey key = test_audit_key();
    REQUIRE(from.log(key)->append(test_events(1, kRows)));
    const Result<std::uint64_t> moved = move(from, to, key);
    REQUIRE_MESSAGE(moved, (moved ? "" : moved.error().detail));
    CHECK(*moved == kRows);
    CHECK(to.rows() == expected_rows(kRows));
    CHECK(to.verify(key)->hash == from.verify(key)->hash);
    REQUIRE(to.log(key)->append(test_events(kRows + 1, 1)));
    to.check_whole(key, kRows + 1);
  });
}

TEST_CASE("audit move: broken off after any batch it goes on, and an empty log can be moved") {
  const SymmetricKey key = test_audit_key();
  for (const std::uint64_t before : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, kRows}) {
    for_each_way([&](const AuditDatabase& from, const AuditDatabase& to) {
      CAPTURE(before);
      REQUIRE(from.log(key)->append(test_events(1, kRows)));
      REQUIRE(to.log(key)->append(test_events(1, before)));
      CHECK(move(from, to, key).value() == kRows);
      to.check_whole(key, kRows);
    });
  }
  for_each_way([&](const AuditDatabase& from, const AuditDatabase& to) {
    REQUIRE(from.log(key)->append({}));
    CHECK(move(from, to, key).value() == 0);
  });
}

TEST_CASE("audit move: another log at the target, or a source that was changed, is refused and nothing is written") {
  for_each_way([](const AuditDatabase& from, const AuditDatabase& to) {
    const SymmetricKey key = test_audit_key();
    REQUIRE(from.log(key)->append(test_events(1, 3)));
    REQUIRE(to.log(key)->append(test_events(7, 2)));
    CHECK(move(from, to, key).error().code == Errc::kInvalidArgument);
    to.check_whole(key, 2);
  });
  for_each_way([](const AuditDatabase& from, const AuditDatabase& to) {
    const SymmetricKey key = test_audit_key();
    REQUIRE(from.log(key)->append(test_events(1, 3)));
    from.run_sql("UPDATE secret_logs SET ip_address = '198.51.100.1' WHERE id = 2");
    CHECK(move(from, to, key).error().code == Errc::kCorrupt);
    to.check_whole(key, 0);
  });
}

TEST_CASE("audit move: a log that was moved goes on there, and nowhere else") {
  const SymmetricKey key = test_audit_key();
  for (const AuditDatabaseKind& kind : audit_databases()) {
    CAPTURE(kind.name);
    const std::unique_ptr<AuditDatabase> there = kind.create();
    REQUIRE(there->log(key)->append(test_events(1, 4)));
    const std::string third = there->rows().at(2).event_id;
    CHECK(verify_moved_log({3, third}, *there->source(), key).value() == 4);
    CHECK(verify_moved_log({0, ""}, *there->source(), key).value() == 4);
    CHECK(verify_moved_log({4, third}, *there->source(), key).error().code == Errc::kInvalidArgument);
    CHECK(verify_moved_log({5, third}, *there->source(), key).error().code == Errc::kInvalidArgument);
    there->run_sql("UPDATE secret_logs SET ip_address = '198.51.100.1' WHERE id = 4");
    CHECK(verify_moved_log({3, third}, *there->source(), key).error().code == Errc::kCorrupt);
  }
}

TEST_CASE("audit move: a file that has grown since it was copied is not retired") {
  const SymmetricKey key = test_audit_key();
  const SqliteDatabase log;
  REQUIRE(log.log(key)->append(test_events(1, 3)));
  CHECK(retire_audit_log(log.path(), 2, key).error().code == Errc::kUnavailable);
  CHECK_FALSE(audit_log_retired(log.path()).value().has_value());
  REQUIRE(retire_audit_log(log.path(), 3, key));
  CHECK(audit_log_retired(log.path()).value()->rows == 3);
  CHECK_FALSE(std::filesystem::exists(log.path()));
}

}  // namespace
}  // namespace disposable
