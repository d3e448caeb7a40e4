#include "app/signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>

#include "base/result.h"

namespace disposable {

namespace {

int blocked_signal_descriptor() {
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGTERM);
  sigaddset(&awaited, SIGINT);
  sigaddset(&awaited, SIGHUP);
  sigset_t blocked = awaited;
  sigaddset(&blocked, SIGPIPE);
  check(pthread_sigmask(SIG_BLOCK, &blocked, nullptr) == 0, "signals can be blocked");
  return signalfd(-1, &awaited, SFD_CLOEXEC | SFD_NONBLOCK);
}

// For poll(): -1 waits for ever.
int milliseconds_until(std::optional<std::chrono::steady_clock::time_point> deadline) {
  if (!deadline) {
    return -1;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

}  // namespace

Signals::Signals() : signals_(blocked_signal_descriptor()), failure_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  check(signals_ && failure_, "signal descriptors can be made");
}

std::optional<Wake> Signals::taken() {
  std::optional<Wake> wake;
  signalfd_siginfo signal{};
  while (::read(signals_.get(), &signal, sizeof(signal)) == static_cast<ssize_t>(sizeof(signal))) {
    wake = signal.ssi_signo == SIGHUP ? wake.value_or(Wake::kReload) : Wake::kStop;
  }
  return wake;
}

Wake Signals::wait(std::optional<std::chrono::milliseconds> timeout) {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  if (timeout) {
    deadline = std::chrono::steady_clock::now() + *timeout;
  }
  std::array<pollfd, 2> descriptors{{{signals_.get(), POLLIN, 0}, {failure_.get(), POLLIN, 0}}};
  for (;;) {
    const int ready = poll(descriptors.data(), descriptors.size(), milliseconds_until(deadline));
    if (ready == 0) {
      return Wake::kTimeout;
    }
    if (ready < 0) {
      continue;
    }
    if (descriptors[1].revents != 0) {
      return Wake::kFailure;
    }
    if (const std::optional<Wake> wake = taken()) {
      return *wake;
    }
  }
}

void Signals::report_failure() {
  if (eventfd_write(failure_.get(), 1) != 0) {
    std::_Exit(EXIT_FAILURE);  // what cannot go on and cannot say so must not stay
  }
}

}  // namespace disposable
