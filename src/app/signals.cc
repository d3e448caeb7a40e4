#include "app/stop_signal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "base/result.h"

namespace disposable {

namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

int blocked_signal_descriptor() {
  const sigset_t stop = stop_signals();
  sigset_t blocked = stop;
  sigaddset(&blocked, SIGPIPE);
  check(pthread_sigmask(SIG_BLOCK, &blocked, nullptr) == 0, "signals can be blocked");
  return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

StopSignal::StopSignal() : signals_(blocked_signal_descriptor()), failure_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  check(signals_ && failure_, "signal descriptors can be made");
}

StopReason StopSignal::wait() {
  std::array<pollfd, 2> descriptors{{{signals_.get(), POLLIN, 0}, {failure_.get(), POLLIN, 0}}};
  for (;;) {
    if (poll(descriptors.data(), descriptors.size(), -1) <= 0) {
      continue;
    }
    if (descriptors[1].revents != 0) {
      return StopReason::kFailure;
    }
    if (descriptors[0].revents != 0) {
      return StopReason::kSignal;
    }
  }
}

void StopSignal::report_failure() {
  if (eventfd_write(failure_.get(), 1) != 0) {
    std::_Exit(EXIT_FAILURE);  // what cannot go on and cannot say so must not stay
  }
}

}  // namespace disposable
