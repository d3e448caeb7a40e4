#include "app/sweeper.h"

namespace disposable {

namespace {

constexpr std::chrono::milliseconds kTurn{1000};
constexpr std::size_t kBatch = 1000;

}  // namespace

Sweeper::Sweeper(Vault& vault, Log& log) : vault_(vault), log_(log), thread_([this] { run(); }) {}

Sweeper::~Sweeper() {
  const MutexLock lock(mutex_);
  stop_ = true;
  stopped_.notify_all();
}

bool Sweeper::wait_a_turn() {
  const MutexLock lock(mutex_);
  if (!stop_) {
    stopped_.wait_for(mutex_, kTurn);
  }
  return !stop_;
}

void Sweeper::run() {
  while (wait_a_turn()) {
    sweep_all();
  }
}

void Sweeper::sweep_all() {
  for (;;) {
    const Result<SweepReport> swept = vault_.sweep(kBatch);
    if (!swept) {
      if (!failing_) {
        log_.write(LogLevel::kWarning, "sweeping failed and will be tried again", {{"reason", swept.error().detail}});
      }
      failing_ = true;
      return;
    }
    failing_ = false;
    const std::size_t done = swept->expired + swept->claims_closed + swept->payloads_dropped + swept->purged;
    if (done + swept->skipped < kBatch || done == 0) {
      return;
    }
    const MutexLock lock(mutex_);
    if (stop_) {
      return;
    }
  }
}

}  // namespace disposable
