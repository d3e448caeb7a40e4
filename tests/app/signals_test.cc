// Goal: every way to wake the main thread is told apart, and an end is never lost to a reload.

#include "app/signals.h"

#include <doctest/doctest.h>

#include <csignal>
#include <thread>
#include <vector>

namespace disposable {

namespace {

// Blocked signals stay so after the test; the mask of before must come back for the other tests.
class KeptSignalMask {
 public:
  KeptSignalMask() { pthread_sigmask(SIG_SETMASK, nullptr, &mask_); }
  KeptSignalMask(const KeptSignalMask&) = delete;
  KeptSignalMask& operator=(const KeptSignalMask&) = delete;
  ~KeptSignalMask() { pthread_sigmask(SIG_SETMASK, &mask_, nullptr); }

 private:
  sigset_t mask_{};
};

// To this thread, where it stays pending until the wait takes it.
void send(int number) { REQUIRE(pthread_kill(pthread_self(), number) == 0); }

constexpr std::chrono::milliseconds kAtOnce{0};

}  // namespace

TEST_CASE("signals: each wakes the wait as what it is, once") {
  const KeptSignalMask kept;
  Signals signals;
  struct Row {
    std::vector<int> sent;
    Wake wake;
  };
  for (const Row& row : {Row{{SIGTERM}, Wake::kStop}, Row{{SIGINT}, Wake::kStop}, Row{{SIGHUP}, Wake::kReload},
                         Row{{SIGHUP, SIGHUP}, Wake::kReload}, Row{{SIGHUP, SIGTERM}, Wake::kStop},
                         Row{{SIGINT, SIGHUP}, Wake::kStop}, Row{{}, Wake::kTimeout}, Row{{SIGPIPE}, Wake::kTimeout}}) {
    for (const int number : row.sent) {
      send(number);
    }
    CHECK(signals.wait(kAtOnce) == row.wake);
    CHECK(signals.wait(kAtOnce) == Wake::kTimeout);
  }
  const sigset_t pipe = [] {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
  }();
  const timespec none{};
  sigtimedwait(&pipe, nullptr, &none);  // it must not be pending when the mask comes back
}

TEST_CASE("signals: a failure ends the wait from another thread, wins over a stop and stays") {
  const KeptSignalMask kept;
  Signals signals;
  const std::jthread part([&] { signals.report_failure(); });
  CHECK(signals.wait() == Wake::kFailure);
  send(SIGTERM);
  CHECK(signals.wait() == Wake::kFailure);
  CHECK(signals.wait(kAtOnce) == Wake::kFailure);
  int taken = 0;
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  CHECK(sigwait(&stop, &taken) == 0);
}

}  // namespace disposable
