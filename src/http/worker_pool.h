// WorkerPool: a fixed number of threads, all started at once, that run what is handed to them in order.
//
// cpp-httplib's pool would do, but it ends the process when a thread cannot be started. Thread-safe.

#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace disposable {

class WorkerPool {
 public:
  using Job = std::function<void()>;  // throws nothing

  // kUnavailable when the system refuses a thread; then none is left running.
  static Result<std::unique_ptr<WorkerPool>> start(std::size_t workers, std::size_t waiting_max);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  // Runs what waits, then ends the threads.
  ~WorkerPool();

  // False when too many jobs wait already.
  bool enqueue(Job job);

 private:
  explicit WorkerPool(std::size_t waiting_max) : waiting_max_(waiting_max) {}
  void work();
  // Nothing when it is time to end.
  Job next();

  const std::size_t waiting_max_;
  Mutex mutex_;
  CondVar arrived_;
  bool ending_ GUARDED_BY(mutex_) = false;
  std::deque<Job> waiting_ GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_;  // last: they use everything above
};

}  // namespace disposable
