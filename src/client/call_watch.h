// CallWatch: ends calls whose time is over, wherever they are: in a handshake, in an endless head, waiting.
//
// The timeouts of cpp-httplib begin anew with every byte that arrives, so that who sends one now and then is listened
// to for ever. One thread, the watch's own, shuts their sockets down; whoever reads or writes there fails at once.
// Thread-safe.

#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <optional>
#include <stop_token>
#include <thread>

#include "base/file_descriptor.h"
#include "base/mutex.h"

namespace disposable {

// Without descriptors to spare a call is over at once: nothing may connect that could not be ended.

class CallWatch {
  struct Watched {
    std::chrono::steady_clock::time_point end;
    // Reserved beforehand for a duplicate of the socket, whose own number can mean another one meanwhile.
    FileDescriptor socket;
    bool over = false;
    bool opened = false;  // `socket` is one
    bool shut = false;    // it was connected, or connecting, and is no more
  };
  using Calls = std::list<Watched>;

 public:
  CallWatch();
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;
  // Nothing may be watched any more.
  ~CallWatch() = default;

  // A call from now on until this goes.
  class Call {
   public:
    // Over after `most`, or when `stop` is requested.
    Call(CallWatch& watch, std::chrono::milliseconds most, const std::stop_token& stop);
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call();

    // `socket` is what it uses from now on.
    void opened(int socket);
    bool over() const;

   private:
    CallWatch& watch_;
    const Calls::iterator call_;
    std::optional<std::stop_callback<std::function<void()>>> stopped_;
  };

 private:
  void run(const std::stop_token& stop) EXCLUDES(mutex_);
  void end(Watched& call) REQUIRES(mutex_);

  const FileDescriptor placeholder_;
  Mutex mutex_;
  CondVar changed_;
  Calls calls_ GUARDED_BY(mutex_);
  std::jthread thread_;  // last: it stops before anything it uses goes
};

}  // namespace disposable
