// Server: from sockets to Api and back, with a fixed pool of workers.
//
// A worker holds a connection while it lasts. It reads head and body completely and within bounds before anything is
// decided, waits for the ticket of the response, and only then lets the response leave. cpp-httplib gives the names of
// statuses; it never sees a request, because its parser decodes header values and leaves copies of links behind.
//
// Thread-safe. Borrows the Api, which must outlive it.

#pragma once

#include <set>

#include "base/mutex.h"
#include "http/connection.h"
#include "http/worker_pool.h"

namespace disposable {

class Server {
 public:
  Server(const Api& api, ServerOptions options, LogSink log);

  // The port that is listened on. Errors as listen_on(), and kUnavailable when the workers cannot be started.
  Result<int> bind(const std::string& host, int port);

  // Serves until stop(). Call once, after bind() succeeded.
  void run();

  // Accepts nothing more, closes idle connections, lets requests in hand finish. After `deadline` shuts the sockets
  // that are left down; returns whether none was. run() returns as soon as its workers have.
  bool stop(std::chrono::milliseconds deadline);

 private:
  void accept_one();
  void serve(int socket);

  ServerState state_;
  Listener listener_;
  std::unique_ptr<WorkerPool> pool_;   // from bind() to the end of run()
  std::atomic<bool> aborted_ = false;  // the deadline of stop() has passed

  Mutex mutex_;
  CondVar finished_;
  bool running_ GUARDED_BY(mutex_) = false;
  std::set<int> sockets_ GUARDED_BY(mutex_);
};

}  // namespace disposable
