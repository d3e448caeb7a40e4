// Projector: carries events from the store's outbox into the audit log, in order, each exactly once.
//
// An event is acknowledged only after the log has it on disk, and whoever else must have it before; a crash in between
// shows it again and the log skips it.
// While the log or the outbox fails, nothing is lost: the projector tries again with growing pauses, ready() is an
// Error, and the store refuses changes once the outbox is full.

#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>

#include "base/metrics.h"
#include "core/audit.h"
#include "core/store.h"

namespace disposable {

// Waits for `delay`, or less when `stop` is requested.
using Pause = std::function<void(std::chrono::milliseconds delay, const std::stop_token& stop)>;
void pause_unless_stopped(std::chrono::milliseconds delay, const std::stop_token& stop);

// ready() and write_metrics() are thread-safe; everything else is for the one thread that owns the projector, which
// must not use the log itself between start() and drain(). Borrows outbox and log, which must outlive it.
class Projector {
 public:
  struct Parts {
    Outbox& outbox;
    AuditLog& log;
    // Called by the projecting thread: the first failure of a row of failures, and the success that ends it.
    std::function<void(const Error&)> on_failure{};
    std::function<void()> on_recovery{};
    Pause pause = pause_unless_stopped;
    // What else must be durable before events are acknowledged; may be shown them again. An error is like the log's.
    std::function<Result<void>(std::span<const Event> events)> announce{};
  };

  explicit Projector(Parts parts) : parts_(std::move(parts)) {}
  Projector(const Projector&) = delete;
  Projector& operator=(const Projector&) = delete;
  // Stops without draining; what is pending stays in the outbox.
  ~Projector() = default;

  // Before start(). kCorrupt when the log lacks the event that was acknowledged last: it was put back to an earlier
  // state, or is another log. kUnavailable when either side cannot tell.
  Result<void> check_continuity();

  // Starts the projecting thread. At most once.
  void start();

  // Stops the thread and projects, on the caller's thread, everything that is pending; after failures it tries again
  // until `deadline` has passed, at least once. Error: what is left stays in the outbox for the next start.
  Result<void> drain(std::chrono::steady_clock::time_point deadline);

  // The latest failure while the projection fails. A failure ends when the log has answered, not when another node took
  // the events over.
  Result<void> ready() EXCLUDES(mutex_);

  void write_metrics(MetricsText& text) const;

 private:
  enum class Progress : std::uint8_t { kNothing, kSome, kFullBatch };

  enum class WhenNothing : std::uint8_t { kDone, kAskFailedLog };

  void run(const std::stop_token& stop);
  Result<Progress> project_batch(WhenNothing when_nothing);
  Result<Progress> project_batch_once(WhenNothing when_nothing);
  // An error while the log still fails.
  Result<Progress> nothing_to_do(WhenNothing when_nothing);
  void note(const Result<Progress>& outcome) EXCLUDES(mutex_);

  const Parts parts_;
  Counter rows_;
  Counter failures_;
  Histogram batch_seconds_{kSecondsBounds};  // to append one batch
  Mutex mutex_;
  std::optional<Error> failure_ GUARDED_BY(mutex_);
  std::jthread thread_;  // last: it stops before anything it uses goes
};

}  // namespace disposable
