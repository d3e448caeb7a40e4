// PostgresRevealLedger: the reveal ledger as a table with a unique key.
//
// One thread with one connection answers everybody: all who wait are put into one transaction, so any number of claims
// share one durable commit. After an error whose outcome is unknown it connects again and asks again with the same
// claims. While the server cannot be reached, claims fail at once and the thread tries to connect with growing pauses.
// Rows are deleted a day after their secret has expired, by this clock and by the server's.

#pragma once

#include <deque>
#include <map>
#include <memory>
#include <stop_token>
#include <thread>

#include "audit/postgres/postgres_session.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "core/ledger.h"

namespace disposable {

struct RevealLedgerTimes {
  std::chrono::milliseconds answer{5'000};        // a claim() waits no longer
  std::chrono::milliseconds clean_every{10'000};  // also how soon an idle ledger notices that the server is away
};

class PostgresRevealLedger final : public RevealLedger {
 public:
  // Connects and creates the table if it is missing. The errors of PostgresSession::connect() and of
  // create_ledger_schema(). Borrows the clock, which must outlive it.
  static Result<std::unique_ptr<PostgresRevealLedger>> open(const PostgresUrl& url, PostgresChecks checks, Clock& clock,
                                                            const RevealLedgerTimes& times = {});
  // Nobody may be in claim(). Waits for the transaction that is under way.
  ~PostgresRevealLedger() override;

  Result<bool> claim(const StoreId& id, const EventId& claim, WallTime expires_at) override EXCLUDES(mutex_);
  // Done by the thread, soon; while the server is away as many are remembered as there can be claims.
  void release(const StoreId& id, const EventId& claim) override EXCLUDES(mutex_);
  Result<void> ready() override EXCLUDES(mutex_);

 private:
  struct Request;
  using Requests = std::vector<std::shared_ptr<Request>>;

  PostgresRevealLedger(PostgresSession session, Clock& clock, const RevealLedgerTimes& times);

  // Secrets in hexadecimal, claims in UUID form.
  using Owners = std::map<std::string, std::string, std::less<>>;

  void run(const std::stop_token& stop) EXCLUDES(mutex_);
  Requests take_batch(const std::stop_token& stop, std::chrono::steady_clock::time_point until) EXCLUDES(mutex_);
  // Waits until `until` for something to do.
  Result<void> work(const std::stop_token& stop, std::chrono::steady_clock::time_point until,
                    std::chrono::steady_clock::time_point& clean_at) EXCLUDES(mutex_);
  Result<void> release_all() EXCLUDES(mutex_);
  Result<void> answer_batch(const Requests& batch) EXCLUDES(mutex_);
  void tell(const Owners& owners, const Owners& sent) EXCLUDES(mutex_);
  Result<std::int64_t> clean();
  void note(const Result<void>& outcome, int failures) EXCLUDES(mutex_);

  PostgresSession session_;  // the thread's, once it runs
  Clock& clock_;
  const RevealLedgerTimes times_;
  Mutex mutex_;
  CondVar work_;      // for the thread
  CondVar answered_;  // for those who wait
  std::deque<std::shared_ptr<Request>> waiting_ GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, std::string>> released_ GUARDED_BY(mutex_);  // as Owners
  std::optional<Error> down_ GUARDED_BY(mutex_);
  std::jthread thread_;  // last: it stops before anything it uses goes
};

}  // namespace disposable
