// InterruptNotice: while it lives, SIGINT and SIGTERM end the process as they did before, but say on standard error
// that a secret may be spent: the claim that could get it again is known to this process alone.

#pragma once

#include <array>
#include <csignal>

namespace disposable {

// One at a time. A signal that is ignored stays ignored.
class InterruptNotice {
 public:
  InterruptNotice();
  InterruptNotice(const InterruptNotice&) = delete;
  InterruptNotice& operator=(const InterruptNotice&) = delete;
  ~InterruptNotice();

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM};

  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace disposable
