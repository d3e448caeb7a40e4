#include "audit/postgres/postgres_reveal_ledger.h"

#include <algorithm>
#include <exception>
#include <map>

#include "audit/projector.h"

namespace disposable {

namespace {

using Steady = std::chrono::steady_clock;

// One transaction; a claim is about 100 bytes.
constexpr std::size_t kBatchMax = 1000;
// More than any number of workers that can wait at once.
constexpr std::size_t kWaitingMax = 10'000;
constexpr std::size_t kReleasedMax = 10'000;
constexpr std::size_t kCleanRows = 1000;
constexpr std::chrono::milliseconds kCleanAgain{100};  // after as many as that
constexpr std::chrono::milliseconds kPauseMin{100};
constexpr std::chrono::milliseconds kPauseMax{2'000};

}  // namespace

struct PostgresRevealLedger::Request {
  std::string secret;  // hexadecimal
  std::string claim;   // UUID form
  std::string expires_at;
  // Guarded by mutex_:
  bool sent = false;  // there may be a row
  std::optional<Result<bool>> answer{};
};

Result<std::unique_ptr<PostgresRevealLedger>> PostgresRevealLedger::open(const PostgresUrl& url, PostgresChecks checks,
                                                                         Clock& clock, const RevealLedgerTimes& times,
                                                                         bool create) {
  Result<PostgresRevealRows> rows = PostgresRevealRows::open(url, std::move(checks), create);
  if (!rows) {
    return fail(rows.error());
  }
  return std::unique_ptr<PostgresRevealLedger>(new PostgresRevealLedger(std::move(*rows), clock, times));
}

PostgresRevealLedger::PostgresRevealLedger(PostgresRevealRows rows, Clock& clock, const RevealLedgerTimes& times)
    : rows_(std::move(rows)),
      clock_(clock),
      times_(times),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

PostgresRevealLedger::~PostgresRevealLedger() = default;

Result<bool> PostgresRevealLedger::claim(const StoreId& id, const EventId& claim, WallTime expires_at) {
  const Result<std::size_t> granted = ask({&id, 1}, claim, expires_at, Unanswered::kGiveBack);
  return granted ? Result<bool>(*granted > 0) : fail(granted.error());
}

Result<std::size_t> PostgresRevealLedger::claim_for_good(std::span<const StoreId> ids, const EventId& claim,
                                                         WallTime expires_at) {
  return ask(ids, claim, expires_at, Unanswered::kKeep);
}

Result<std::size_t> PostgresRevealLedger::ask(std::span<const StoreId> ids, const EventId& claim, WallTime expires_at,
                                              Unanswered unanswered) {
  Requests requests;
  for (const StoreId& id : ids) {
    requests.push_back(
        std::make_shared<Request>(Request{to_hex(id.bytes), format_uuid(claim.bytes), format_utc(expires_at)}));
  }
  const Steady::time_point deadline = Steady::now() + times_.answer;
  const MutexLock lock(mutex_);
  if (down_) {
    return fail(Errc::kUnavailable, down_->detail);
  }
  if (waiting_.size() + requests.size() > kWaitingMax) {
    return fail(Errc::kUnavailable, "too many claims wait for the reveal ledger");
  }
  waiting_.insert(waiting_.end(), requests.begin(), requests.end());
  work_.notify_one();
  std::size_t granted = 0;
  std::optional<Error> failed;
  for (const std::shared_ptr<Request>& request : requests) {
    wait_for_answer(request, deadline);
    if (*request->answer) {
      granted += **request->answer ? 1U : 0U;
      continue;
    }
    failed = request->answer->error();
    if (request->sent && unanswered == Unanswered::kGiveBack) {
      queue_release({request->secret, request->claim});
    }
  }
  return failed ? Result<std::size_t>(fail(*failed)) : granted;
}

void PostgresRevealLedger::wait_for_answer(const std::shared_ptr<Request>& request, Steady::time_point deadline) {
  while (!request->answer) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now());
    if (left.count() <= 0) {
      std::erase(waiting_, request);
      request->answer = fail(Errc::kUnavailable, "the reveal ledger did not answer in time");
    } else {
      answered_.wait_for(mutex_, left);
    }
  }
}

void PostgresRevealLedger::release(const StoreId& id, const EventId& claim) noexcept {
  try {
    const MutexLock lock(mutex_);
    queue_release({to_hex(id.bytes), format_uuid(claim.bytes)});
  } catch (const std::exception&) {  // out of memory: as when there are too many, nobody gets the secret
  }
}

Result<void> PostgresRevealLedger::ready() {
  const MutexLock lock(mutex_);
  return down_ ? fail(Errc::kUnavailable, down_->detail) : Result<void>{};
}

// The first failure is answered with a second attempt at once: it may be a connection that had gone stale. From the
// second on the ledger is down until a whole round of work succeeds, which always writes something then: a server whose
// commits wait for a standby still answers what changes nothing.
void PostgresRevealLedger::run(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] {
    const MutexLock lock(mutex_);
    work_.notify_all();
  });
  int failures = 0;
  std::chrono::milliseconds pause = kPauseMin;
  Steady::time_point clean_at = Steady::now() + times_.clean_every;
  while (!stop.stop_requested()) {
    wait_for_work(stop, failures == 0 ? clean_at : Steady::now());
    const Result<void> outcome = work(failures > 0, clean_at);
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
  answer_all(Error{Errc::kUnavailable, "the reveal ledger is closing"});
}

void PostgresRevealLedger::wait_for_work(const std::stop_token& stop, Steady::time_point until) {
  const MutexLock lock(mutex_);
  while (waiting_.empty() && released_.empty() && !stop.stop_requested()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now());
    if (left.count() <= 0) {
      break;
    }
    work_.wait_for(mutex_, left);
  }
}

// The root of the thread's work: out-of-memory is a failure like any other here, since nothing is revealed. Releases
// come first: who asks again after a failure shall not meet the claim that failed. A claim that is given up once it is
// in the batch is released in the next round.
Result<void> PostgresRevealLedger::work(bool failing, Steady::time_point& clean_at) {
  try {
    const Result<bool> released = release_batch();
    const Result<bool> answered = released ? answer_batch() : released;
    if (!answered) {
      return fail(answered.error());
    }
    const bool wrote = *released || *answered;
    if (Steady::now() < clean_at && (wrote || !failing)) {
      return {};
    }
    const Result<std::int64_t> cleaned = rows_.clean(clock_.now(), kCleanRows);
    if (!cleaned) {
      return fail(cleaned.error());
    }
    clean_at = Steady::now() + (*cleaned == std::int64_t{kCleanRows} ? kCleanAgain : times_.clean_every);
    return {};
  } catch (const std::exception& exception) {
    return fail(Errc::kUnavailable, std::string("the reveal ledger threw: ") + exception.what());
  }
}

// Each secret once, as in a batch of claims.
Result<bool> PostgresRevealLedger::release_batch() {
  RevealOwners batch;
  {
    const MutexLock lock(mutex_);
    for (auto next = released_.begin(); next != released_.end() && batch.size() < kBatchMax; ++next) {
      batch.insert(*next);
    }
  }
  if (batch.empty()) {
    return false;
  }
  const Result<void> done = rows_.release(batch, clock_.now());
  if (!done) {
    return fail(done.error());
  }
  const MutexLock lock(mutex_);
  std::erase_if(released_, [&batch](const auto& one) {
    const auto done_one = batch.find(one.first);
    return done_one != batch.end() && done_one->second == one.second;
  });
  return true;
}

// In the order of secrets, each once: a second claim of the same secret waits for the next batch. They stay in
// waiting_ until they are answered.
PostgresRevealLedger::Requests PostgresRevealLedger::take_batch() {
  const MutexLock lock(mutex_);
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
    batch.back()->sent = true;
  }
  return batch;
}

Result<bool> PostgresRevealLedger::answer_batch() {
  RevealOwners sent;
  std::vector<std::string> expiries;
  for (const std::shared_ptr<Request>& request : take_batch()) {
    sent.emplace(request->secret, request->claim);
    expiries.push_back(request->expires_at);
  }
  if (sent.empty()) {
    return false;
  }
  const Result<RevealOwners> owners = rows_.claim(sent, expiries);
  if (!owners) {
    return fail(owners.error());
  }
  tell(*owners, sent);
  return true;
}

// False is certain as soon as the row is another's. True only for a claim that this transaction has written.
void PostgresRevealLedger::tell(const RevealOwners& owners, const RevealOwners& sent) {
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

void PostgresRevealLedger::note(const Result<void>& outcome, int failures) {
  const MutexLock lock(mutex_);
  if (outcome) {
    down_.reset();
  } else if (failures > 1) {
    down_ = outcome.error();
    answer_all(Error{Errc::kUnavailable, down_->detail});
  }
}

void PostgresRevealLedger::answer_all(const Error& error) {
  for (const std::shared_ptr<Request>& request : waiting_) {
    request->answer = fail(error);
  }
  waiting_.clear();
  answered_.notify_all();
}

void PostgresRevealLedger::queue_release(std::pair<std::string, std::string> released) {
  if (released_.size() < kReleasedMax) {
    released_.push_back(std::move(released));
    work_.notify_one();
  }
}

}  // namespace disposable
