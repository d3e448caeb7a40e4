// WorkerPool: a fixed number of threads, all started at once, that handle complete requests in the order in which they
// are handed over. None of them ever waits for a peer or for the disk to write.
//
// Thread-safe.

#pragma once

#include <deque>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace disposable {

class WorkerPool {
 public:
  // Something to be done on a worker; throws nothing.
  class Job {
   public:
    Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    virtual ~Job() = default;
    virtual void run() = 0;
  };

  // kUnavailable when the system refuses a thread; then none is left running.
  static Result<std::unique_ptr<WorkerPool>> start(std::size_t workers);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  // Runs what waits, then ends the threads.
  ~WorkerPool();

  // The jobs are borrowed until they have run. Their number is bounded by that of the connections.
  void enqueue(std::span<Job* const> jobs);
  std::size_t size() const { return threads_.size(); }

 private:
  WorkerPool() = default;
  void work();
  // Null when it is time to end.
  Job* next();

  Mutex mutex_;
  CondVar arrived_;
  bool ending_ GUARDED_BY(mutex_) = false;
  std::size_t sleeping_ GUARDED_BY(mutex_) = 0;
  std::deque<Job*> waiting_ GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_;  // last: they use everything above
};

}  // namespace disposable
