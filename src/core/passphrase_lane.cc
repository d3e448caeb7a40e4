#include "core/passphrase_lane.h"

namespace disposable {

PassphraseLane::Slot::~Slot() {
  if (lane_ != nullptr) {
    lane_->leave();
  }
}

std::optional<PassphraseLane::Slot> PassphraseLane::enter() {
  const MutexLock lock(mutex_);
  if (running_ >= limits_.slots) {
    if (waiting_ >= limits_.waiting_max) {
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

void PassphraseLane::leave() {
  const MutexLock lock(mutex_);
  --running_;
  freed_.notify_one();
}

}  // namespace disposable
