#include "http/worker_pool.h"

#include <system_error>

namespace disposable {

Result<std::unique_ptr<WorkerPool>> WorkerPool::start(std::size_t workers, std::size_t waiting_max) {
  std::unique_ptr<WorkerPool> pool(new WorkerPool(waiting_max));
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

bool WorkerPool::enqueue(Job job) {
  const MutexLock lock(mutex_);
  if (waiting_.size() >= waiting_max_) {
    return false;
  }
  waiting_.push_back(std::move(job));
  arrived_.notify_one();
  return true;
}

void WorkerPool::work() {
  while (const Job job = next()) {
    job();
  }
}

WorkerPool::Job WorkerPool::next() {
  const MutexLock lock(mutex_);
  while (waiting_.empty() && !ending_) {
    arrived_.wait(mutex_);
  }
  if (waiting_.empty()) {
    return nullptr;
  }
  Job job = std::move(waiting_.front());
  waiting_.pop_front();
  return job;
}

}  // namespace disposable
