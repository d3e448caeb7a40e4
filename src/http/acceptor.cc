#include "http/acceptor.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace disposable {

namespace {

// So that a flood of connections does not keep those there are from being served.
constexpr int kAcceptsAtOnce = 64;
// At the end, so that all who wait are heard: more than any queue holds, and not for ever.
constexpr int kTurnsAtTheEnd = 128;
// Errors of single connections; more in a row than this are no such errors, whatever they are called.
constexpr int kFailuresInARow = 16;
constexpr std::chrono::milliseconds kPause{50};
constexpr std::chrono::seconds kLogEvery{1};

bool is_shortage(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

// EPOLLEXCLUSIVE: one loop wakes for a new connection, not all of them.
constexpr std::uint32_t kDoorEvents = EPOLLIN | EPOLLEXCLUSIVE;

}  // namespace

class Acceptor::Door final : public EventSource {
 public:
  Door(Acceptor& acceptor, const ListeningSocket& socket) : listener(socket), acceptor_(acceptor) {}
  void on_event(std::uint32_t /*events*/) override { acceptor_.accept_from(listener); }

  const ListeningSocket& listener;

 private:
  Acceptor& acceptor_;
};

Acceptor::Acceptor(Poller& poller, AcceptHost& host, const LogSink& log) : poller_(poller), host_(host), log_(log) {}

Acceptor::~Acceptor() = default;

Result<void> Acceptor::listen(std::span<const ListeningSocket> listeners) {
  for (const ListeningSocket& listener : listeners) {
    doors_.push_back(std::make_unique<Door>(*this, listener));
    Result<void> added = poller_.add(listener.socket.get(), kDoorEvents, *doors_.back());
    if (!added) {
      return added;
    }
  }
  return {};
}

bool Acceptor::accept_from(const ListeningSocket& listener) {
  for (int i = 0; i < kAcceptsAtOnce && !paused_; ++i) {
    sockaddr_storage storage{};
    socklen_t size = sizeof(storage);
    auto* const address = reinterpret_cast<sockaddr*>(&storage);
    FileDescriptor socket(::accept4(listener.socket.get(), address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      failures_ = 0;
      host_.accepted(std::move(socket), listener, Peer{IpAddress::from(*address)});
    } else if (!accept_failed(errno)) {
      return false;
    }
  }
  return !paused_;
}

bool Acceptor::accept_failed(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) {
    return false;
  }
  ++failures_;
  if (is_shortage(error) && failures_ < kFailuresInARow && host_.make_room()) {
    return true;
  }
  if (!is_shortage(error) && failures_ < kFailuresInARow) {
    return true;
  }
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now - logged_at_ >= kLogEvery) {
    logged_at_ = now;
    log_(std::string("cannot accept connections: ") + std::strerror(error));
  }
  pause(now);
  return false;
}

void Acceptor::pause(SteadyTime now) {
  paused_ = true;
  failures_ = 0;
  resume_at_ = now + kPause;
  for (const std::unique_ptr<Door>& door : doors_) {
    poller_.remove(door->listener.socket.get());
  }
}

void Acceptor::resume(SteadyTime now) {
  if (!paused_ || stopped_ || now < resume_at_) {
    return;
  }
  paused_ = false;
  for (const std::unique_ptr<Door>& door : doors_) {
    if (!poller_.add(door->listener.socket.get(), kDoorEvents, *door)) {
      pause(now);  // it takes all of them away again
      return;
    }
  }
}

void Acceptor::stop() {
  for (const std::unique_ptr<Door>& door : doors_) {
    poller_.remove(door->listener.socket.get());
  }
  paused_ = false;
  for (const std::unique_ptr<Door>& door : doors_) {
    for (int turn = 0; turn < kTurnsAtTheEnd && accept_from(door->listener); ++turn) {
    }
  }
  stopped_ = true;
}

void Acceptor::refuse() const {
  for (const std::unique_ptr<Door>& door : doors_) {
    if (!door->listener.passed) {
      ::shutdown(door->listener.socket.get(), SHUT_RDWR);
    }
  }
}

}  // namespace disposable
