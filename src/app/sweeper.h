// Sweeper: the thread that lets the vault expire, drop and purge what is due, once a second.

#pragma once

#include <thread>

#include "base/log.h"
#include "base/mutex.h"
#include "core/vault.h"

namespace disposable {

// Borrows vault and log, which must outlive it. Runs from construction to destruction.
class Sweeper {
 public:
  Sweeper(Vault& vault, Log& log);
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

 private:
  void run();
  // Sweeps until nothing is left to do.
  void sweep_all();
  // False when it is time to stop.
  bool wait_a_turn();

  Vault& vault_;
  Log& log_;
  Mutex mutex_;
  CondVar stopped_;
  bool stop_ GUARDED_BY(mutex_) = false;
  bool failing_ = false;  // the sweeper's thread only
  std::jthread thread_;   // last: it uses everything above
};

}  // namespace disposable
