#include "http/server.h"

#include <system_error>

namespace disposable {

Result<std::unique_ptr<Server>> Server::open(Front::Parts parts, Durability& durability, const ServerOptions& options) {
  std::unique_ptr<Server> server(new Server(std::move(parts), durability, options));
  const Result<void> started = server->start(options);
  if (!started) {
    return fail(started.error());
  }
  return server;
}

Server::Server(Front::Parts parts, Durability& durability, const ServerOptions& options)
    : durability_(durability), front_(std::move(parts), options.settings) {}

Result<void> Server::start(const ServerOptions& options) {
  Result<std::unique_ptr<WorkerPool>> pool = WorkerPool::start(options.workers);
  if (!pool) {
    return fail(pool.error());
  }
  pool_ = std::move(*pool);
  while (loops_.size() < options.loops) {
    Result<std::unique_ptr<EventLoop>> loop = EventLoop::open(front_, *pool_);
    if (!loop) {
      return fail(loop.error());
    }
    loops_.push_back(std::move(*loop));
  }
  durability_.watch_settled([this] {
    for (const std::unique_ptr<EventLoop>& loop : loops_) {
      loop->wake();
    }
  });
  try {
    for (const std::unique_ptr<EventLoop>& loop : loops_) {
      threads_.emplace_back([this, &loop = *loop] { run(loop); });
    }
  } catch (const std::system_error&) {
    return fail(Errc::kUnavailable, "the system gives no thread for an event loop");
  }
  return {};
}

// The thread of a loop: it is there from the start, so that nothing is left to be refused later.
void Server::run(EventLoop& loop) {
  {
    const MutexLock lock(mutex_);
    while (!serving_ && !stopped_) {
      changed_.wait(mutex_);
    }
    if (!serving_) {
      return;
    }
  }
  loop.run();
  const MutexLock lock(mutex_);
  --running_;
  changed_.notify_all();
}

Result<void> Server::serve(std::span<const ListeningSocket> listeners) {
  front_.accepting = loops_.size();
  for (const std::unique_ptr<EventLoop>& loop : loops_) {
    Result<void> listening = loop->listen(listeners);
    if (!listening) {
      return listening;
    }
  }
  const MutexLock lock(mutex_);
  serving_ = true;
  running_ = loops_.size();  // before any of them can be awaited
  changed_.notify_all();
  return {};
}

void Server::configure(FrontSettings settings) {
  front_.configure(std::move(settings));
  for (const std::unique_ptr<EventLoop>& loop : loops_) {
    loop->wake();
  }
}

bool Server::responsive(std::chrono::milliseconds span) const {
  const SteadyTime now = std::chrono::steady_clock::now();
  for (const std::unique_ptr<EventLoop>& loop : loops_) {
    if (now - loop->last_turn() > span) {
      return false;
    }
  }
  return true;
}

bool Server::stop(std::chrono::milliseconds deadline) {
  for (const std::unique_ptr<EventLoop>& loop : loops_) {
    loop->stop();
  }
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  const bool in_time = await_loops(std::chrono::steady_clock::now() + deadline);
  if (!in_time) {
    for (const std::unique_ptr<EventLoop>& loop : loops_) {
      loop->abort();
    }
  }
  threads_.clear();
  return in_time;
}

bool Server::await_loops(SteadyTime until) {
  const MutexLock lock(mutex_);
  while (running_ > 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return false;
    }
    changed_.wait_for(mutex_, left);
  }
  return true;
}

Server::~Server() {
  stop(std::chrono::milliseconds{0});
  durability_.watch_settled({});
  pool_.reset();
}

}  // namespace disposable
