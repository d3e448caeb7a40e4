// PostgresRevealLedger: the reveal ledger as a table with a unique key.
//
// One thread with one connection answers everybody: all who wait are put into one transaction, so any number of claims
// share one durable commit. After an error whose outcome is unknown it connects again and asks again with the same
// claims. While the server cannot be reached, or no commit ends, claims fail at once, also those that wait, and the
// thread tries again with growing pauses.
// Rows are deleted a day after their secret has expired, by this clock and by the server's.

#pragma once

#include <deque>
#include <memory>
#include <stop_token>
#include <thread>

#include "audit/postgres/postgres_reveal_rows.h"
#include "base/mutex.h"
#include "core/ledger.h"

namespace disposable {

struct RevealLedgerTimes {
  std::chrono::milliseconds answer{5'000};        // a claim() waits no longer
  std::chrono::milliseconds clean_every{10'000};  // also how soon an idle ledger notices that no commit ends
};

class PostgresRevealLedger final : public RevealLedger {
 public:
  // Connects and creates the table if it is missing; without `create` that is kNotFound. The errors of
  // PostgresSession::connect() and of create_ledger_schema(). Borrows the clock, which must outlive it.
  static Result<std::unique_ptr<PostgresRevealLedger>> open(const PostgresUrl& url, PostgresChecks checks, Clock& clock,
                                                            const RevealLedgerTimes& times = {}, bool create = true);
  // Nobody may be in claim(). Waits for the transaction that is under way.
  ~PostgresRevealLedger() override;

  Result<bool> claim(const StoreId& id, const EventId& claim, WallTime expires_at) override EXCLUDES(mutex_);
  // All rows in one transaction, up to 1,000.
  Result<std::size_t> claim_for_good(std::span<const StoreId> ids, const EventId& claim, WallTime expires_at) override
      EXCLUDES(mutex_);
  // Done by the thread, soon. While that fails 10,000 are remembered, far more than can wait for an answer when the
  // server goes away; claims that were refused before they were sent are none of them.
  void release(const StoreId& id, const EventId& claim) noexcept override EXCLUDES(mutex_);
  Result<void> ready() override EXCLUDES(mutex_);

 private:
  struct Request;
  using Requests = std::vector<std::shared_ptr<Request>>;

  PostgresRevealLedger(PostgresRevealRows rows, Clock& clock, const RevealLedgerTimes& times);

  enum class Unanswered : std::uint8_t { kGiveBack, kKeep };
  Result<std::size_t> ask(std::span<const StoreId> ids, const EventId& claim, WallTime expires_at,
                          Unanswered unanswered) EXCLUDES(mutex_);
  void wait_for_answer(const std::shared_ptr<Request>& request, std::chrono::steady_clock::time_point deadline)
      REQUIRES(mutex_);
  void run(const std::stop_token& stop) EXCLUDES(mutex_);
  void wait_for_work(const std::stop_token& stop, std::chrono::steady_clock::time_point until) EXCLUDES(mutex_);
  Result<void> work(bool failing, std::chrono::steady_clock::time_point& clean_at) EXCLUDES(mutex_);
  // These two: whether there was something to write, which is on disk then.
  Result<bool> release_batch() EXCLUDES(mutex_);
  Requests take_batch() EXCLUDES(mutex_);
  Result<bool> answer_batch() EXCLUDES(mutex_);
  void tell(const RevealOwners& owners, const RevealOwners& sent) EXCLUDES(mutex_);
  void note(const Result<void>& outcome, int failures) EXCLUDES(mutex_);
  void answer_all(const Error& error) REQUIRES(mutex_);
  void queue_release(std::pair<std::string, std::string> released) REQUIRES(mutex_);

  PostgresRevealRows rows_;  // the thread's, once it runs
  Clock& clock_;
  const RevealLedgerTimes times_;
  Mutex mutex_;
  CondVar work_;      // for the thread
  CondVar answered_;  // for those who wait
  std::deque<std::shared_ptr<Request>> waiting_ GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, std::string>> released_ GUARDED_BY(mutex_);
  std::optional<Error> down_ GUARDED_BY(mutex_);
  std::jthread thread_;  // last: it stops before anything it uses goes
};

}  // namespace disposable
