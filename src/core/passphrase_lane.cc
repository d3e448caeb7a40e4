#include "core/passphrase_lane.h"

namespace disposable {

PassphraseLane::Slot::~Slot() {
  if (lane_ != nullptr) {
    lane_->leave(std::chrono::steady_clock::now() - begin_);
  }
}

std::optional<PassphraseLane::Slot> PassphraseLane::enter() {
  const MutexLock lock(mutex_);
  if (running_ >= limits_.slots) {
    if (waiting_ >= limits_.waiting_max) {
      refused_.add();
      return std::nullopt;
    }
    ++waiting_;
    while (running_ >= limits_.slots) {
      freed_.wait(mutex_);
    }
    --waiting_;
  }
  ++running_;
  return std::optional<Slot>(std::in_place, *this);
}

void PassphraseLane::leave(std::chrono::nanoseconds held) {
  seconds_.observe(held);
  const MutexLock lock(mutex_);
  --running_;
  freed_.notify_one();
}

void PassphraseLane::write_metrics(MetricsText& text) const {
  std::int64_t running = 0;
  std::int64_t waiting = 0;
  {
    const MutexLock lock(mutex_);
    running = running_;
    waiting = waiting_;
  }
  text.gauge("passphrase_running", "Passphrase computations that run.", running);
  text.gauge("passphrase_waiting", "Requests that wait for a passphrase computation.", waiting);
  text.counter("passphrase_refused_total", "Requests refused because too many wait for one.", refused_);
  text.histogram("passphrase_seconds", "Time that a passphrase computation took.", seconds_);
}

}  // namespace disposable
