#include "audit/postgres/postgres_reveal_ledger.h"

#include <algorithm>
#include <exception>
#include <map>

#include "audit/postgres/postgres_schema.h"
#include "audit/projector.h"

namespace disposable {

namespace {

using Steady = std::chrono::steady_clock;

// One transaction; a claim is about 100 bytes.
constexpr std::size_t kBatchMax = 1000;
// More than any number of workers that can wait at once.
constexpr std::size_t kWaitingMax = 10'000;
constexpr int kCleanRows = 1000;
constexpr std::chrono::milliseconds kCleanAgain{100};  // after as many as that
constexpr std::chrono::milliseconds kPauseMin{100};
constexpr std::chrono::milliseconds kPauseMax{2'000};

// A server that does not answer costs those who wait their first attempt only.
constexpr PostgresTimeouts kLedgerTimeouts{.connect = std::chrono::milliseconds{2'000},
                                           .statement = std::chrono::milliseconds{2'000},
                                           .lock = std::chrono::milliseconds{1'500},
                                           .answer = std::chrono::milliseconds{2'500}};

// A row of ours is written again when it is claimed again: only a transaction that writes waits until the row, whose
// first transaction may have been interrupted in its commit, is on disk and with a synchronous standby. The rows are in
// the order of their keys, so that two nodes cannot wait for each other.
constexpr const char* kInsert =
    "INSERT INTO reveal_ledger(secret, claim, expires_at) SELECT decode(a, 'hex'), b, c FROM "
    "unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS new(a, b, c) "
    "ON CONFLICT (secret) DO UPDATE SET expires_at = excluded.expires_at WHERE reveal_ledger.claim = excluded.claim";
constexpr const char* kSelect =
    "SELECT encode(secret, 'hex'), claim::text FROM reveal_ledger WHERE secret = "
    "ANY(ARRAY(SELECT decode(a, 'hex') FROM unnest($1::text[]) AS asked(a)))";
constexpr const char* kRelease =
    "DELETE FROM reveal_ledger USING unnest($1::text[], $2::uuid[]) AS released(a, b) "
    "WHERE secret = decode(a, 'hex') AND claim = b";
// By both clocks: one that is ahead must not make the ledger forget.
constexpr const char* kDelete =
    "DELETE FROM reveal_ledger WHERE ctid = ANY(ARRAY(SELECT ctid FROM reveal_ledger WHERE expires_at < "
    "least($1::timestamptz, now()) - interval '1 day' ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

}  // namespace

struct PostgresRevealLedger::Request {
  std::string secret;  // hexadecimal
  std::string claim;   // UUID form
  std::string expires_at;
  std::optional<Result<bool>> answer{};  // guarded by mutex_
};

Result<std::unique_ptr<PostgresRevealLedger>> PostgresRevealLedger::open(const PostgresUrl& url, PostgresChecks checks,
                                                                         Clock& clock, const RevealLedgerTimes& times) {
  PostgresSession session(url, kLedgerTimeouts, std::move(checks));
  const Result<void> created = create_ledger_schema(session);
  if (!created) {
    return fail(created.error());
  }
  return std::unique_ptr<PostgresRevealLedger>(new PostgresRevealLedger(std::move(session), clock, times));
}

PostgresRevealLedger::PostgresRevealLedger(PostgresSession session, Clock& clock, const RevealLedgerTimes& times)
    : session_(std::move(session)),
      clock_(clock),
      times_(times),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

PostgresRevealLedger::~PostgresRevealLedger() = default;

Result<bool> PostgresRevealLedger::claim(const StoreId& id, const EventId& claim, WallTime expires_at) {
  const auto request =
      std::make_shared<Request>(Request{to_hex(id.bytes), format_uuid(claim.bytes), format_utc(expires_at)});
  const Steady::time_point deadline = Steady::now() + times_.answer;
  const MutexLock lock(mutex_);
  if (down_) {
    return fail(Errc::kUnavailable, down_->detail);
  }
  if (waiting_.size() >= kWaitingMax) {
    return fail(Errc::kUnavailable, "too many claims wait for the reveal ledger");
  }
  waiting_.push_back(request);
  work_.notify_one();
  while (!request->answer) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now());
    if (left.count() <= 0) {
      std::erase(waiting_, request);
      return fail(Errc::kUnavailable, "the reveal ledger did not answer in time");
    }
    answered_.wait_for(mutex_, left);
  }
  return *request->answer;
}

void PostgresRevealLedger::release(const StoreId& id, const EventId& claim) {
  const MutexLock lock(mutex_);
  if (released_.size() < kWaitingMax) {
    released_.emplace_back(to_hex(id.bytes), format_uuid(claim.bytes));
    work_.notify_one();
  }
}

Result<void> PostgresRevealLedger::ready() {
  const MutexLock lock(mutex_);
  return down_ ? fail(Errc::kUnavailable, down_->detail) : Result<void>{};
}

// The first failure is answered with a second attempt at once: it may be a connection that had gone stale. From the
// second on the ledger is down until something succeeds.
void PostgresRevealLedger::run(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] {
    const MutexLock lock(mutex_);
    work_.notify_all();
  });
  int failures = 0;
  std::chrono::milliseconds pause = kPauseMin;
  Steady::time_point clean_at = Steady::now() + times_.clean_every;
  while (!stop.stop_requested()) {
    const Result<void> outcome = work(stop, failures == 0 ? clean_at : Steady::now(), clean_at);
    note(outcome, ++failures);
    if (outcome) {
      failures = 0;
      pause = kPauseMin;
    } else if (failures > 1) {
      pause_unless_stopped(pause, stop);
      pause = std::min(pause * 2, kPauseMax);
    }
  }
  const MutexLock lock(mutex_);
  for (const std::shared_ptr<Request>& request : waiting_) {
    request->answer = fail(Errc::kUnavailable, "the reveal ledger is closing");
  }
  answered_.notify_all();
}

// In the order of secrets, each once: a second claim of the same secret waits for the next batch. They stay in
// waiting_ until they are answered.
PostgresRevealLedger::Requests PostgresRevealLedger::take_batch(const std::stop_token& stop, Steady::time_point until) {
  const MutexLock lock(mutex_);
  while (waiting_.empty() && released_.empty() && !stop.stop_requested()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now());
    if (left.count() <= 0) {
      break;
    }
    work_.wait_for(mutex_, left);
  }
  std::map<std::string_view, std::shared_ptr<Request>> chosen;
  for (const std::shared_ptr<Request>& request : waiting_) {
    if (chosen.size() == kBatchMax) {
      break;
    }
    chosen.emplace(request->secret, request);
  }
  Requests batch;
  for (auto& [secret, request] : chosen) {
    batch.push_back(std::move(request));
  }
  return batch;
}

// The root of the thread's work: out-of-memory is a failure like any other here, since nothing is revealed.
Result<void> PostgresRevealLedger::work(const std::stop_token& stop, Steady::time_point until,
                                        Steady::time_point& clean_at) {
  try {
    const Requests batch = take_batch(stop, until);
    Result<void> answered = batch.empty() ? Result<void>{} : answer_batch(batch);
    if (answered) {
      answered = release_all();
    }
    if (!answered || (!batch.empty() && Steady::now() < clean_at)) {
      return answered;
    }
    const Result<std::int64_t> cleaned = clean();
    if (!cleaned) {
      return fail(cleaned.error());
    }
    clean_at = Steady::now() + (*cleaned == kCleanRows ? kCleanAgain : times_.clean_every);
    return {};
  } catch (const std::exception& exception) {
    return fail(Errc::kUnavailable, std::string("the reveal ledger threw: ") + exception.what());
  }
}

// After the batch: a claim that was given up while it was under way has its row by now.
Result<void> PostgresRevealLedger::release_all() {
  std::vector<std::string> secrets;
  std::vector<std::string> claims;
  {
    const MutexLock lock(mutex_);
    for (const auto& [secret, claim] : released_) {
      secrets.push_back(secret);
      claims.push_back(claim);
    }
  }
  if (claims.empty()) {
    return {};
  }
  const Result<PostgresResult> deleted = session_.run({kRelease, {array_literal(secrets), array_literal(claims)}});
  if (!deleted) {
    return fail(deleted.error());
  }
  const MutexLock lock(mutex_);
  released_.erase(released_.begin(), released_.begin() + static_cast<std::ptrdiff_t>(claims.size()));
  return {};
}

Result<void> PostgresRevealLedger::answer_batch(const Requests& batch) {
  std::vector<std::string> secrets;
  std::vector<std::string> claims;
  std::vector<std::string> expiries;
  for (const std::shared_ptr<Request>& request : batch) {
    secrets.push_back(request->secret);
    claims.push_back(request->claim);
    expiries.push_back(request->expires_at);
  }
  const std::string secrets_literal = array_literal(secrets);
  const PostgresQuery queries[] = {{"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"},
                                   {kInsert, {secrets_literal, array_literal(claims), array_literal(expiries)}},
                                   {kSelect, {secrets_literal}},
                                   {"COMMIT"}};
  const Result<std::vector<PostgresResult>> results = session_.run(queries);
  if (!results) {
    return fail(results.error());
  }
  if (results->back().command() != "COMMIT") {
    return fail(session_.about_server(Error{Errc::kUnavailable, "the transaction was rolled back"}));
  }
  Owners owners;
  const PostgresResult& rows = (*results)[2];
  for (int row = 0; row < rows.rows(); ++row) {
    owners.emplace(rows.text(row, 0).value_or(""), rows.text(row, 1).value_or(""));
  }
  Owners sent;
  for (const std::shared_ptr<Request>& request : batch) {
    sent.emplace(request->secret, request->claim);
  }
  tell(owners, sent);
  return {};
}

// False is certain as soon as the row is another's. True only for a claim that this transaction has written.
void PostgresRevealLedger::tell(const Owners& owners, const Owners& sent) {
  const MutexLock lock(mutex_);
  for (const std::shared_ptr<Request>& request : waiting_) {
    const auto owner = owners.find(request->secret);
    if (owner == owners.end()) {
      continue;
    }
    const bool ours = owner->second == request->claim;
    if (!ours || sent.at(request->secret) == request->claim) {
      request->answer = ours;
    }
  }
  std::erase_if(waiting_, [](const std::shared_ptr<Request>& request) { return request->answer.has_value(); });
  answered_.notify_all();
}

Result<std::int64_t> PostgresRevealLedger::clean() {
  const Result<PostgresResult> deleted =
      session_.run({kDelete, {format_utc(clock_.now()), std::to_string(kCleanRows)}});
  return deleted ? Result<std::int64_t>(deleted->changes()) : fail(deleted.error());
}

void PostgresRevealLedger::note(const Result<void>& outcome, int failures) {
  const MutexLock lock(mutex_);
  if (outcome) {
    down_.reset();
  } else if (failures > 1) {
    down_ = outcome.error();
  }
}

}  // namespace disposable
