#include "audit/projector.h"

#include <algorithm>
#include <exception>

namespace disposable {

namespace {

// One transaction. Large enough to share its fsync widely, small enough to hold in memory (an event is about 200
// bytes).
constexpr std::size_t kBatchMax = 1000;
// After a batch that emptied the outbox, the next one gets this long to gather: at most 20 transactions a second under
// a light load, and no event waits longer than this to be seen.
constexpr std::chrono::milliseconds kGather{50};
// How long an idle projector may take to notice that it shall stop.
constexpr std::chrono::milliseconds kIdleWait{250};

// Pauses between attempts: 100 ms, doubled up to 5 s.
class BackOff {
 public:
  std::chrono::milliseconds next() {
    const std::chrono::milliseconds delay = delay_;
    delay_ = std::min(delay_ * 2, kMax);
    return delay;
  }
  void reset() { delay_ = kMin; }

 private:
  static constexpr std::chrono::milliseconds kMin{100};
  static constexpr std::chrono::milliseconds kMax{5000};
  std::chrono::milliseconds delay_ = kMin;
};

}  // namespace

void pause_unless_stopped(std::chrono::milliseconds delay, const std::stop_token& stop) {
  Mutex mutex;
  CondVar stopped;
  const std::stop_callback wake(stop, [&mutex, &stopped] {
    const MutexLock lock(mutex);
    stopped.notify_all();
  });
  const MutexLock lock(mutex);
  if (!stop.stop_requested()) {
    stopped.wait_for(mutex, delay);  // waking early without a reason only makes the pause shorter
  }
}

Result<void> Projector::check_continuity() {
  const Result<std::optional<EventId>> last = parts_.outbox.last_acknowledged();
  if (!last) {
    return fail(last.error());
  }
  if (!*last) {
    return {};
  }
  const Result<bool> found = parts_.log.contains(**last);
  if (!found) {
    return fail(found.error());
  }
  if (!*found) {
    return fail(Errc::kCorrupt,
                "the audit log was rolled back: it lacks the event that the store has handed over last; put the latest "
                "audit log back in its place");
  }
  return {};
}

void Projector::start() {
  check(!thread_.joinable(), "the projector is started once");
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Projector::run(const std::stop_token& stop) {
  BackOff back_off;
  while (!stop.stop_requested()) {
    const Result<Progress> progress = project_batch(WhenNothing::kAskFailedLog);
    if (!progress) {
      parts_.pause(back_off.next(), stop);
      continue;
    }
    back_off.reset();
    if (*progress == Progress::kSome) {
      parts_.pause(kGather, stop);
    } else if (*progress == Progress::kNothing) {
      parts_.outbox.wait_pending(kIdleWait);
    }
  }
}

Result<void> Projector::drain(std::chrono::steady_clock::time_point deadline) {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  BackOff back_off;
  while (true) {
    const Result<Progress> progress = project_batch(WhenNothing::kDone);
    if (progress && *progress == Progress::kNothing) {
      return {};
    }
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) {
      return progress ? fail(Errc::kUnavailable, "the audit log was not drained in time") : fail(progress.error());
    }
    if (progress) {
      back_off.reset();
    } else {
      parts_.pause(std::min(back_off.next(), std::chrono::ceil<std::chrono::milliseconds>(deadline - now)),
                   std::stop_token());
    }
  }
}

Result<void> Projector::ready() {
  const MutexLock lock(mutex_);
  if (failure_) {
    return fail(*failure_);
  }
  return {};
}

// The root of the projecting thread's work: out-of-memory is a failure like any other here, since nothing is lost.
Result<Projector::Progress> Projector::project_batch(WhenNothing when_nothing) {
  Result<Progress> outcome = Progress::kNothing;
  try {
    outcome = project_batch_once(when_nothing);
  } catch (const std::exception& exception) {
    outcome = fail(Errc::kUnavailable, std::string("the projection threw: ") + exception.what());
  }
  note(outcome);
  return outcome;
}

Result<Projector::Progress> Projector::nothing_to_do(WhenNothing when_nothing) {
  if (when_nothing == WhenNothing::kAskFailedLog && !ready()) {
    if (const Result<bool> answer = parts_.log.contains(EventId{}); !answer) {
      return fail(answer.error());
    }
  }
  return Progress::kNothing;
}

Result<Projector::Progress> Projector::project_batch_once(WhenNothing when_nothing) {
  const Result<std::vector<OutboxEntry>> entries = parts_.outbox.pending(/*after_position=*/0, kBatchMax);
  if (!entries) {
    return fail(entries.error());
  }
  if (entries->empty()) {
    return nothing_to_do(when_nothing);
  }
  std::vector<Event> events;
  events.reserve(entries->size());
  for (const OutboxEntry& entry : *entries) {
    events.push_back(entry.event);
  }
  const auto begin = std::chrono::steady_clock::now();
  const Result<void> appended = parts_.log.append(events);
  if (!appended) {
    return fail(appended.error());
  }
  batch_seconds_.observe(std::chrono::steady_clock::now() - begin);
  rows_.add(events.size());
  const Result<void> announced = parts_.announce ? parts_.announce(events) : Result<void>{};
  if (!announced) {
    return fail(announced.error());
  }
  const Result<void> acknowledged = parts_.outbox.acknowledge(entries->back());
  if (!acknowledged) {
    return fail(acknowledged.error());
  }
  return entries->size() < kBatchMax ? Progress::kSome : Progress::kFullBatch;
}

void Projector::note(const Result<Progress>& outcome) {
  failures_.add(outcome ? 0 : 1);
  bool was_failing = false;
  {
    const MutexLock lock(mutex_);
    was_failing = failure_.has_value();
    failure_ = outcome ? std::nullopt : std::optional<Error>(outcome.error());
  }
  if (!outcome && !was_failing && parts_.on_failure) {
    parts_.on_failure(outcome.error());
  }
  if (outcome && was_failing && parts_.on_recovery) {
    parts_.on_recovery();
  }
}

void Projector::write_metrics(MetricsText& text) const {
  text.counter("audit_events_total", "Events carried to the audit log; after a crash some of them twice.", rows_);
  text.counter("audit_failures_total", "Attempts to carry events to the audit log that failed.", failures_);
  text.histogram("audit_batch_seconds", "Time that it took to append a batch of events to the audit log.",
                 batch_seconds_);
}

}  // namespace disposable
