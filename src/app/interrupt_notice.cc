#include "app/interrupt_notice.h"

#include <unistd.h>

#include <string_view>

#include "base/result.h"

namespace disposable {

namespace {

// Begins with a line's end: there may be a line of progress.
constexpr std::string_view kNotice =
    "\ndisposable-secrets: error: interrupted while the secret was on its way: it may be spent, and is lost then\n"
    "hint: 'disposable-secrets status' says whether it is\n";

// Only what may be called in a handler of signals (POSIX, 2.4.3).
void say_and_end(int signal) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kNotice.data(), kNotice.size());
  std::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace

InterruptNotice::InterruptNotice() {
  struct sigaction action {};
  action.sa_handler = say_and_end;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    check(::sigaction(kSignals[i], nullptr, &before_[i]) == 0, "a signal's action can be asked for");
    if (before_[i].sa_handler != SIG_IGN) {
      check(::sigaction(kSignals[i], &action, nullptr) == 0, "a signal's action can be set");
    }
  }
}

InterruptNotice::~InterruptNotice() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &before_[i], nullptr);
  }
}

}  // namespace disposable
