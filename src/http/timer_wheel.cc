#include "http/timer_wheel.h"

#include <algorithm>

namespace disposable {

std::uint64_t TimerWheel::tick_of(SteadyTime deadline) const {
  const auto ticks = (std::max(deadline, start_) - start_ + kTick - SteadyTime::duration{1}) / kTick;
  return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(ticks), now_ + 1, now_ + kSlots - 1);
}

void TimerWheel::put(Timer& timer) {
  timer.tick = tick_of(timer.deadline);
  slots_[timer.tick % kSlots].push_back(timer);
  ++count_;
}

void TimerWheel::set(Timer& timer, SteadyTime deadline) {
  timer.deadline = deadline;
  if (timer.hook.linked && tick_of(deadline) >= timer.tick) {
    return;
  }
  cancel(timer);
  put(timer);
}

void TimerWheel::cancel(Timer& timer) {
  if (timer.hook.linked) {
    slots_[timer.tick % kSlots].remove(timer);
    --count_;
  }
}

void TimerWheel::advance(SteadyTime now, const std::function<void(Timer&)>& expired) {
  const auto current = static_cast<std::uint64_t>((std::max(now, start_) - start_) / kTick);
  // After a long sleep once around is enough: every timer is in some slot.
  now_ = std::max(now_, current - std::min<std::uint64_t>(current, kSlots));
  while (now_ < current) {
    Slot& due = slots_[++now_ % kSlots];
    while (Timer* timer = due.front()) {
      due.remove(*timer);
      --count_;
      if (timer->deadline <= now) {
        expired(*timer);
      } else {
        put(*timer);  // never into this slot: it is a whole turn away
      }
    }
  }
}

}  // namespace disposable
