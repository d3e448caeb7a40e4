// Server: the connection layer as a whole: event loops and workers, all started once and none later.
//
// Borrows the store, everything in Front::Parts and the listeners, which must outlive it. Thread-safe but for the order
// of calls: open(), serve(), stop(), destruction.

#pragma once

#include <thread>

#include "base/clock.h"
#include "http/event_loop.h"

namespace disposable {

struct ServerOptions {
  std::size_t loops = 1;
  std::size_t workers = 32;
  FrontSettings settings{};
};

class Server {
 public:
  // Starts every thread; nothing is accepted yet. `durability` is what the tickets of the Api's responses are of.
  // kUnavailable when the system refuses a thread.
  static Result<std::unique_ptr<Server>> open(Front::Parts parts, Durability& durability, const ServerOptions& options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // Stops at once, if stop() was not called.
  ~Server();

  // From now on connections are accepted.
  Result<void> serve(std::span<const ListeningSocket> listeners);

  void configure(FrontSettings settings);
  void write_metrics(MetricsText& text) const { front_.write_metrics(text); }

  // Whether every loop came around within `span`.
  bool responsive(std::chrono::milliseconds span) const;

  // Accepts nothing more and lets requests in hand finish. Cuts off what is left after `deadline`; returns whether
  // nothing was.
  bool stop(std::chrono::milliseconds deadline);

 private:
  Server(Front::Parts parts, Durability& durability, const ServerOptions& options);
  Result<void> start(const ServerOptions& options);
  void run(EventLoop& loop);
  // Whether every loop has ended by then.
  bool await_loops(SteadyTime until);

  Durability& durability_;
  Front front_;

  Mutex mutex_;
  CondVar changed_;
  bool serving_ GUARDED_BY(mutex_) = false;
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::size_t running_ GUARDED_BY(mutex_) = 0;

  // In the order of being destroyed last to first: loops end before their workers, and those before what they answer.
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::unique_ptr<WorkerPool> pool_;
  std::vector<std::jthread> threads_;
};

}  // namespace disposable
