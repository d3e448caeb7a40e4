// std::mutex with clang's thread-safety annotations; they vanish on g++.
//
// The wrapper is needed because clang does not accept libstdc++'s std::mutex as a capability.
// Source: https://clang.llvm.org/docs/ThreadSafetyAnalysis.html; the shape is LevelDB's port/port_stdcxx.h.

#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define DISPOSABLE_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define DISPOSABLE_THREAD_ATTRIBUTE(x)
#endif

#define DISPOSABLE_CAPABILITY(x) DISPOSABLE_THREAD_ATTRIBUTE(capability(x))
#define DISPOSABLE_SCOPED_CAPABILITY DISPOSABLE_THREAD_ATTRIBUTE(scoped_lockable)
#define GUARDED_BY(x) DISPOSABLE_THREAD_ATTRIBUTE(guarded_by(x))
#define REQUIRES(...) DISPOSABLE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) DISPOSABLE_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define DISPOSABLE_ACQUIRE(...) DISPOSABLE_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define DISPOSABLE_RELEASE(...) DISPOSABLE_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))

namespace disposable {

class DISPOSABLE_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() DISPOSABLE_ACQUIRE() { mutex_.lock(); }
  void unlock() DISPOSABLE_RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class DISPOSABLE_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) DISPOSABLE_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() DISPOSABLE_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits may wake without a reason: callers wait in a loop over their own condition.
class CondVar {
 public:
  void wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False when `timeout` has passed.
  bool wait_for(Mutex& mutex, std::chrono::milliseconds timeout) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool notified = condition_.wait_for(lock, timeout) == std::cv_status::no_timeout;
    lock.release();
    return notified;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace disposable
