#include "http/worker_pool.h"

#include <system_error>

namespace disposable {

Result<std::unique_ptr<WorkerPool>> WorkerPool::start(std::size_t workers) {
  std::unique_ptr<WorkerPool> pool(new WorkerPool);
  pool->threads_.reserve(workers);
  try {
    while (pool->threads_.size() < workers) {
      pool->threads_.emplace_back([&pool = *pool] { pool.work(); });
    }
  } catch (const std::system_error&) {
    return fail(Errc::kUnavailable, "the system gives only " + std::to_string(pool->threads_.size()) + " of " +
                                        std::to_string(workers) + " worker threads");
  }
  return pool;
}

WorkerPool::~WorkerPool() {
  const MutexLock lock(mutex_);
  ending_ = true;
  arrived_.notify_all();
}

void WorkerPool::enqueue(std::span<Job* const> jobs) {
  bool wake = false;
  {
    const MutexLock lock(mutex_);
    waiting_.insert(waiting_.end(), jobs.begin(), jobs.end());
    wake = sleeping_ > 0;
  }
  if (wake) {
    arrived_.notify_one();
  }
}

void WorkerPool::work() {
  while (Job* const job = next()) {
    job->run();
  }
}

WorkerPool::Job* WorkerPool::next() {
  bool wake_another = false;
  Job* job = nullptr;
  {
    const MutexLock lock(mutex_);
    while (waiting_.empty() && !ending_) {
      ++sleeping_;
      arrived_.wait(mutex_);
      --sleeping_;
    }
    if (waiting_.empty()) {
      return nullptr;
    }
    job = waiting_.front();
    waiting_.pop_front();
    wake_another = !waiting_.empty() && sleeping_ > 0;
  }
  // One wakes the next, so that a few jobs do not wake more threads than there are processors for.
  if (wake_another) {
    arrived_.notify_one();
  }
  return job;
}

}  // namespace disposable
