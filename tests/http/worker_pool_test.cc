// Goal: every job runs, once, on threads that were all there from the start.

#include "http/worker_pool.h"

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <set>

namespace disposable {

namespace {

class CountingJob final : public WorkerPool::Job {
 public:
  void run() override { runs.fetch_add(1); }
  std::atomic<int> runs{0};
};

// Waits on its worker until as many others do.
class MeetingJob final : public WorkerPool::Job {
 public:
  struct Place {
    Mutex mutex;
    CondVar changed;
    std::size_t expected GUARDED_BY(mutex) = 0;
    std::set<std::thread::id> threads GUARDED_BY(mutex);
  };
  explicit MeetingJob(Place& place) : place_(place) {}
  void run() override {
    const MutexLock lock(place_.mutex);
    place_.threads.insert(std::this_thread::get_id());
    place_.changed.notify_all();
    while (place_.threads.size() < place_.expected) {
      place_.changed.wait(place_.mutex);
    }
  }

 private:
  Place& place_;
};

std::unique_ptr<WorkerPool> start(std::size_t workers) {
  Result<std::unique_ptr<WorkerPool>> pool = WorkerPool::start(workers);
  REQUIRE(pool.has_value());
  CHECK((*pool)->size() == workers);
  return std::move(*pool);
}

}  // namespace

TEST_CASE("worker pool: every job runs once, also those that wait when the pool goes") {
  constexpr int kRounds = 200;
  std::vector<CountingJob> jobs(50);
  std::vector<WorkerPool::Job*> pointers;
  for (CountingJob& job : jobs) {
    pointers.push_back(&job);
  }
  auto pool = start(4);
  for (int i = 0; i < kRounds; ++i) {
    pool->enqueue(pointers);
    pool->enqueue({});
  }
  pool.reset();
  for (const CountingJob& job : jobs) {
    CHECK(job.runs == kRounds);
  }
}

TEST_CASE("worker pool: several threads may hand over at once") {
  std::vector<CountingJob> jobs(4);
  {
    const auto pool = start(2);
    std::vector<std::jthread> producers;
    for (CountingJob& job : jobs) {
      producers.emplace_back([&job, &pool = *pool] {
        WorkerPool::Job* const pointer = &job;
        for (int i = 0; i < 1000; ++i) {
          pool.enqueue({&pointer, 1});
        }
      });
    }
  }
  for (const CountingJob& job : jobs) {
    CHECK(job.runs == 1000);
  }
}

TEST_CASE("worker pool: as many jobs run at once as there are workers") {
  constexpr std::size_t kWorkers = 8;
  MeetingJob::Place place;
  {
    const MutexLock lock(place.mutex);
    place.expected = kWorkers;
  }
  std::vector<std::unique_ptr<MeetingJob>> jobs;
  std::vector<WorkerPool::Job*> pointers;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    jobs.push_back(std::make_unique<MeetingJob>(place));
    pointers.push_back(jobs.back().get());
  }
  start(kWorkers)->enqueue(pointers);  // and all of them end with the pool
  const MutexLock lock(place.mutex);
  CHECK(place.threads.size() == kWorkers);
}

TEST_CASE("worker pool: a pool without work ends at once") { CHECK(start(3)->size() == 3); }

TEST_CASE("worker pool: when the system refuses a thread, starting says so and leaves none") {
  if (::geteuid() != 0) {
    MESSAGE("only root can become a user without threads to spare");
    return;
  }
  // In a child, for a limit cannot be taken back, and root has none.
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobodyElse = 64'321;
    const rlimit limit{3, 3};
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0 || ::setuid(kNobodyElse) != 0) {
      ::_exit(2);
    }
    const Result<std::unique_ptr<WorkerPool>> pool = WorkerPool::start(16);
    ::_exit(!pool && pool.error().code == Errc::kUnavailable &&
                    pool.error().detail.find("of 16 worker threads") != std::string::npos
                ? 0
                : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

}  // namespace disposable
