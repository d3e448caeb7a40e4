// Acceptor: takes new connections from listeners, whatever accept() may answer.
//
// accept(2) reports errors of the connection that was to be accepted, of the machine, and of the process; after none
// of them may a server stop listening. When descriptors or memory are short somebody else's connection makes room;
// when nothing helps there is a pause, short enough that the next honest client hardly notices and long enough that no
// processor is burnt. One thread.

#pragma once

#include <span>
#include <vector>

#include "http/client_address.h"
#include "http/front.h"
#include "http/listener.h"
#include "http/poller.h"
#include "http/timer_wheel.h"

namespace disposable {

class AcceptHost {
 public:
  AcceptHost() = default;
  AcceptHost(const AcceptHost&) = delete;
  AcceptHost& operator=(const AcceptHost&) = delete;
  virtual ~AcceptHost() = default;

  virtual void accepted(FileDescriptor socket, const ListeningSocket& listener, const Peer& peer) = 0;
  // Closes a connection that can be spared. False when there is none.
  virtual bool make_room() = 0;
};

class Acceptor {
 public:
  // Borrows everything.
  Acceptor(Poller& poller, AcceptHost& host, const LogSink& log);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  // They must outlive it.
  Result<void> listen(std::span<const ListeningSocket> listeners);
  // After a pause has ended, listens again.
  void resume(SteadyTime now);
  // Takes what waits already, so that nobody is left unheard, and nothing after that.
  void stop();
  // From now on connections are refused, but for those that a successor will accept: when every loop has stopped.
  void refuse() const;
  bool paused() const { return paused_ && !stopped_; }

 private:
  class Door;

  // True when there may be more.
  bool accept_from(const ListeningSocket& listener);
  // Whether to try again at once.
  bool accept_failed(int error);
  void pause(SteadyTime now);

  Poller& poller_;
  AcceptHost& host_;
  const LogSink& log_;
  std::vector<std::unique_ptr<Door>> doors_;
  SteadyTime resume_at_{};
  SteadyTime logged_at_{};
  bool paused_ = false;
  bool stopped_ = false;
  int failures_ = 0;  // in a row
};

}  // namespace disposable
