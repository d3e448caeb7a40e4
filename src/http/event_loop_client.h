// EventLoop::Client: a connection with what its loop needs to find it: part of event_loop.h, for its two sources.

#pragma once

#include "http/event_loop.h"

namespace disposable {

class EventLoop::Client final : public Connection, public WorkerPool::Job, public EventSource {
 public:
  Client(EventLoop& loop, std::unique_ptr<Transport> transport, const Entrance& entrance,
         const std::optional<ClientPrefix>& prefix)
      : Connection(loop, std::move(transport), entrance), counted_as(prefix), loop_(loop) {
    timer.owner = this;
  }

  void run() override { loop_.work(*this); }
  // Whatever it is: through TLS, a read can wait for the socket to be writable.
  void on_event(std::uint32_t events) override {
    note_readable((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    advance();
  }

  const std::optional<ClientPrefix> counted_as;
  Timer timer;
  ListHook<Client> among_all;
  ListHook<Client> among_spare;
  ListHook<Client> among_shaking;
  ListHook<Client> among_reading;
  ListHook<Client> among_stalled;
  SteadyTime stalled_since{};  // min() for who loses nothing, since he can ask for it again
  bool in_worker = false;      // a worker may be reading the exchange
  bool cut_off = false;        // to be closed as soon as the worker is done
  bool postponed = false;

 private:
  EventLoop& loop_;
};

struct EventLoop::Lists {
  IntrusiveList<Client, &Client::among_all> all;
  // Those that can be closed without breaking a promise, the one that has been so for longest first.
  IntrusiveList<Client, &Client::among_spare> spare;
  // In a TLS handshake that costs memory, the oldest first.
  IntrusiveList<Client, &Client::among_shaking> shaking;
  // With a part of a request, the one whose request began first, first.
  IntrusiveList<Client, &Client::among_reading> reading;
  // That do not take their answers. First those who can ask for it again, then the one that has taken nothing for
  // longest.
  IntrusiveList<Client, &Client::among_stalled> stalled;
};

}  // namespace disposable
