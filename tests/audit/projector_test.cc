// Goal: every event reaches the log once and in order, through failures and restarts, and failures are told once.
// Method: fakes of both sides with switches, and a pause that is written down instead of waited for. drain() runs the
// same step as the thread, so most behaviours need no thread; the few tests with one wait for a condition.

#include "audit/projector.h"

#include <semaphore>

#include "audit/audit_fixture.h"
#include "audit/projector_fakes.h"
#include "audit/sqlite/audit_verifier.h"
#include "support/metrics_parser.h"

namespace disposable {
namespace {

using std::chrono::milliseconds;

std::chrono::steady_clock::time_point soon() { return std::chrono::steady_clock::now() + std::chrono::minutes(1); }
std::chrono::steady_clock::time_point passed() { return std::chrono::steady_clock::time_point::min(); }

TEST_CASE("drain: projects everything in order and acknowledges it") {
  ProjectorScene scene;
  scene.outbox.add(test_events(1, 2500));
  Projector projector(scene.parts());
  REQUIRE(projector.drain(soon()));
  CHECK(scene.log.rows() == test_events(1, 2500));
  CHECK(scene.log.batches() == std::vector<std::size_t>{1000, 1000, 500});
  CHECK(scene.outbox.size() == 0);
  CHECK(scene.told.empty());
}

TEST_CASE("metrics: rows, failures and batches are counted") {
  ProjectorScene scene;
  scene.outbox.add(test_events(1, 2500));
  scene.log.fail(2);
  Projector projector(scene.parts());
  REQUIRE(projector.drain(soon()));
  MetricsText text;
  projector.write_metrics(text);
  const ParsedMetrics metrics(text.take());
  CHECK(metrics.error() == "");
  CHECK(metrics.value("disposable_secrets_audit_events_total") == 2500);
  CHECK(metrics.value("disposable_secrets_audit_failures_total") == 2);
  CHECK(metrics.value("disposable_secrets_audit_batch_seconds_count") == 3);
}

TEST_CASE("drain: an acknowledgement that the store has lost is made again, without a duplicate") {
  ProjectorScene scene;
  scene.outbox.add(test_events(1, 10));
  scene.outbox.lose_acknowledgement();
  Projector projector(scene.parts());
  REQUIRE(projector.drain(soon()));
  CHECK(scene.log.rows() == test_events(1, 10));
  CHECK(scene.outbox.size() == 0);
}

TEST_CASE("drain: an empty outbox is done even when the time is up") {
  ProjectorScene scene;
  Projector projector(scene.parts());
  CHECK(projector.drain(passed()));
}

TEST_CASE("drain: gives up at its deadline and leaves the rest in the outbox") {
  ProjectorScene scene;
  SUBCASE("because there is too much") {
    scene.outbox.add(test_events(1, 1500));
    Projector projector(scene.parts());
    const Result<void> drained = projector.drain(passed());
    REQUIRE_FALSE(drained);
    CHECK(drained.error().code == Errc::kUnavailable);
    CHECK(scene.outbox.size() == 500);
  }
  SUBCASE("because the log fails") {
    scene.outbox.add(test_events(1, 5));
    scene.log.fail(1'000'000);
    Projector projector(scene.parts());
    const Result<void> drained = projector.drain(passed());
    REQUIRE_FALSE(drained);
    CHECK(drained.error().detail == "append fails");
    CHECK(scene.outbox.size() == 5);
    CHECK(scene.pauses.empty());
  }
}

TEST_CASE("drain: tries again with growing pauses, told once, and ready only afterwards") {
  ProjectorScene scene;
  scene.outbox.add(test_events(1, 3));
  scene.log.fail(8);
  Projector projector(scene.parts());
  CHECK(projector.ready());
  REQUIRE(projector.drain(soon()));
  CHECK(projector.ready());
  CHECK(scene.log.rows() == test_events(1, 3));
  CHECK(scene.pauses == std::vector<milliseconds>{milliseconds(100), milliseconds(200), milliseconds(400),
                                                  milliseconds(800), milliseconds(1600), milliseconds(3200),
                                                  milliseconds(5000), milliseconds(5000)});
  CHECK(scene.told == std::vector<std::string>{"append fails", "recovered"});
}

TEST_CASE("ready: is the failure while the projection fails") {
  ProjectorScene scene;
  scene.outbox.add(test_events(1, 1));
  scene.log.fail(1);
  Projector projector(scene.parts());
  REQUIRE_FALSE(projector.drain(passed()));
  const Result<void> ready = projector.ready();
  REQUIRE_FALSE(ready);
  CHECK(ready.error().code == Errc::kUnavailable);
  CHECK(ready.error().detail == "append fails");
  REQUIRE(projector.drain(soon()));
  CHECK(projector.ready());
}

TEST_CASE("drain: each failure is repeated without a duplicate or a change of order") {
  struct Row {
    std::string name;
    void (*arm)(ProjectorScene&);
    const char* told;
  };
  const Row rows[] = {
      {"pending", [](ProjectorScene& scene) { scene.outbox.fail_pending(2); }, "pending fails"},
      {"append", [](ProjectorScene& scene) { scene.log.fail(2); }, "append fails"},
      {"append that has written",
       [](ProjectorScene& scene) { scene.log.fail(2, FaultyAuditLog::Fault::kWriteAndFail); }, "append fails"},
      {"append that throws", [](ProjectorScene& scene) { scene.log.fail(2, FaultyAuditLog::Fault::kThrow); },
       "the projection threw: std::bad_alloc"},
      {"acknowledge", [](ProjectorScene& scene) { scene.outbox.fail_acknowledge(2); }, "acknowledge fails"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    ProjectorScene scene;
    scene.outbox.add(test_events(1, 30));
    row.arm(scene);
    Projector projector(scene.parts());
    REQUIRE(projector.drain(soon()));
    CHECK(scene.log.rows() == test_events(1, 30));
    CHECK(scene.outbox.size() == 0);
    CHECK(scene.told == std::vector<std::string>{row.told, "recovered"});
  }
}

TEST_CASE("project: a crash between append and acknowledge makes no duplicate in SQLite") {
  const TemporaryFolder folder;
  const SymmetricKey key = test_audit_key();
  FakeOutbox outbox;
  outbox.add(test_events(1, 20));
  outbox.fail_acknowledge(1);
  {
    const auto log = open_log(folder / "audit.db", key);
    Projector crashed({.outbox = outbox, .log = *log});
    REQUIRE_FALSE(crashed.drain(passed()));
  }
  outbox.add(test_events(21, 5));
  const auto log = open_log(folder / "audit.db", key);
  Projector restarted({.outbox = outbox, .log = *log});
  REQUIRE(restarted.check_continuity());
  REQUIRE(restarted.drain(soon()));
  const Result<VerifyReport> report = verify_audit_log(folder / "audit.db", key);
  REQUIRE(report);
  CHECK(report->ok);
  CHECK(report->rows == 25);
}

TEST_CASE("announce: comes after the log and before the acknowledgement, and its failure is like the log's") {
  ProjectorScene scene;
  scene.outbox.add(test_events(1, 3));
  Projector::Parts parts = scene.parts();
  int fails = 2;
  std::vector<Event> announced;
  parts.announce = [&](std::span<const Event> events) -> Result<void> {
    CHECK(scene.log.rows() == test_events(1, 3));
    CHECK(scene.outbox.size() == 3);
    if (fails-- > 0) {
      return fail(Errc::kUnavailable, "the queue fails");
    }
    announced.assign(events.begin(), events.end());
    return {};
  };
  Projector projector(std::move(parts));
  REQUIRE(projector.drain(soon()));
  CHECK(announced == test_events(1, 3));
  CHECK(scene.outbox.size() == 0);
  CHECK(scene.log.rows() == test_events(1, 3));
  CHECK(scene.told == std::vector<std::string>{"the queue fails", "recovered"});
}

TEST_CASE("check_continuity: a log that lacks the last acknowledged event was rolled back") {
  ProjectorScene scene;
  Projector projector(scene.parts());
  CHECK(projector.check_continuity());  // nothing was ever acknowledged
  scene.outbox.add(test_events(1, 3));
  REQUIRE(projector.drain(soon()));
  CHECK(projector.check_continuity());

  FaultyAuditLog earlier;
  REQUIRE(earlier.append(test_events(1, 2)));
  Projector over_earlier({.outbox = scene.outbox, .log = earlier});
  const Result<void> continuity = over_earlier.check_continuity();
  REQUIRE_FALSE(continuity);
  CHECK(continuity.error().code == Errc::kCorrupt);
  CHECK(continuity.error().detail.find("the audit log was rolled back: ") == 0);
}

TEST_CASE("check_continuity: a side that cannot tell is kUnavailable, not a rollback") {
  ProjectorScene scene;
  scene.outbox.add(test_events(1, 1));
  Projector projector(scene.parts());
  REQUIRE(projector.drain(soon()));
  scene.log.fail(1);
  CHECK(projector.check_continuity().error().code == Errc::kUnavailable);
  scene.log.fail(0);
  scene.outbox.fail_pending(1);
  CHECK(projector.check_continuity().error().code == Errc::kUnavailable);
}

TEST_CASE("start: events are projected as they come, gathering after small batches") {
  ProjectorScene scene;
  Projector projector(scene.parts());
  projector.start();
  scene.outbox.add(test_events(1, 2));
  REQUIRE(scene.log.wait_for_rows(2));
  scene.outbox.add(test_events(3, 2));
  REQUIRE(scene.log.wait_for_rows(4));
  REQUIRE(projector.drain(soon()));
  CHECK(scene.log.rows() == test_events(1, 4));
  CHECK_FALSE(scene.pauses.empty());
  for (const milliseconds pause : scene.pauses) {
    CHECK(pause == milliseconds(50));
  }
}

TEST_CASE("start: full batches follow each other without a pause") {
  ProjectorScene scene;
  scene.outbox.add(test_events(1, 3000));
  Projector projector(scene.parts());
  projector.start();
  REQUIRE(scene.log.wait_for_rows(3000));
  REQUIRE(projector.drain(soon()));
  CHECK(scene.log.batches() == std::vector<std::size_t>{1000, 1000, 1000});
  CHECK(scene.pauses.empty());
}

TEST_CASE("start: the thread recovers by itself, and a second failure is told again") {
  ProjectorScene scene;
  scene.log.fail(3);
  scene.outbox.add(test_events(1, 1));
  Projector projector(scene.parts());
  projector.start();
  REQUIRE(scene.log.wait_for_rows(1));
  scene.log.fail(2, FaultyAuditLog::Fault::kThrow);
  scene.outbox.add(test_events(2, 1));
  REQUIRE(scene.log.wait_for_rows(2));
  REQUIRE(projector.drain(soon()));
  CHECK(scene.told ==
        std::vector<std::string>{"append fails", "recovered", "the projection threw: std::bad_alloc", "recovered"});
}

TEST_CASE("start: a failed log has not recovered because another node has taken the events over") {
  ProjectorScene scene;
  scene.log.fail(1'000'000);
  scene.outbox.add(test_events(1, 1));
  Projector::Parts parts = scene.parts();
  std::binary_semaphore recovered(0);
  parts.on_recovery = [&recovered] { recovered.release(); };
  std::vector<bool> ready;
  Projector* pausing = nullptr;
  parts.pause = [&](milliseconds, const std::stop_token&) {
    ready.push_back(pausing->ready().has_value());
    scene.outbox.take_over();
    if (ready.size() == 3) {
      scene.log.fail(0);
    }
  };
  Projector projector(std::move(parts));
  pausing = &projector;
  projector.start();
  CHECK(recovered.try_acquire_for(std::chrono::seconds(10)));
  REQUIRE(projector.drain(soon()));
  CHECK(ready == std::vector<bool>{false, false, false});
  CHECK(projector.ready());
}

TEST_CASE("drain: does not wait for a failed log when another node has taken the events over") {
  ProjectorScene scene;
  scene.log.fail(1'000'000);
  scene.outbox.add(test_events(1, 1));
  Projector projector(scene.parts());
  REQUIRE_FALSE(projector.drain(passed()));
  scene.outbox.take_over();
  CHECK(projector.drain(soon()));
  CHECK(scene.pauses.empty());
}

TEST_CASE("the destructor: stops a projector in the middle of a long pause and drops nothing") {
  ProjectorScene scene;
  scene.log.fail(1'000'000);
  scene.outbox.add(test_events(1, 7));
  {
    Projector projector(
        {.outbox = scene.outbox, .log = scene.log, .pause = [](milliseconds, const std::stop_token& stop) {
           pause_unless_stopped(std::chrono::hours(1), stop);
         }});
    projector.start();
  }
  CHECK(scene.outbox.size() == 7);
}

TEST_CASE("pause_unless_stopped: does not wait once stopped") {
  std::stop_source source;
  source.request_stop();
  pause_unless_stopped(std::chrono::hours(1), source.get_token());
}

}  // namespace
}  // namespace disposable
