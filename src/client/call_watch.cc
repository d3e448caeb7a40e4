#include "client/call_watch.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace disposable {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

CallWatch::CallWatch()
    : placeholder_(::eventfd(0, EFD_CLOEXEC)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void CallWatch::run(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] {
    const MutexLock lock(mutex_);
    changed_.notify_all();
  });
  constexpr std::chrono::hours kNothing{1};
  constexpr milliseconds kNotYetConnected{50};
  const MutexLock lock(mutex_);
  while (!stop.stop_requested()) {
    const steady_clock::time_point now = steady_clock::now();
    steady_clock::time_point next = now + kNothing;
    for (Watched& call : calls_) {
      if (call.end <= now || call.over) {
        end(call);
      }
      const bool again = call.over && call.opened && !call.shut;
      next = std::min(next, again ? now + kNotYetConnected : call.over ? next : call.end);
    }
    changed_.wait_for(mutex_, std::chrono::ceil<milliseconds>(next - now));
  }
}

// A socket that has not begun to connect cannot be shut down: it is tried again.
void CallWatch::end(Watched& call) {
  call.over = true;
  if (call.opened && !call.shut) {
    call.shut = ::shutdown(call.socket.get(), SHUT_RDWR) == 0;
  }
}

CallWatch::Call::Call(CallWatch& watch, milliseconds most, const std::stop_token& stop)
    : watch_(watch), call_([&watch, most] {
        FileDescriptor reserved(::fcntl(watch.placeholder_.get(), F_DUPFD_CLOEXEC, 0));
        const bool over = !reserved;
        const MutexLock lock(watch.mutex_);
        watch.calls_.push_front(Watched{steady_clock::now() + most, std::move(reserved), over});
        watch.changed_.notify_all();
        return watch.calls_.begin();
      }()) {
  stopped_.emplace(stop, [this] {
    const MutexLock lock(watch_.mutex_);
    watch_.end(*call_);
    watch_.changed_.notify_all();
  });
}

CallWatch::Call::~Call() {
  stopped_.reset();  // it may be running, and needs the entry
  const MutexLock lock(watch_.mutex_);
  watch_.calls_.erase(call_);
}

void CallWatch::Call::opened(int socket) {
  const MutexLock lock(watch_.mutex_);
  call_->opened = call_->socket && ::dup3(socket, call_->socket.get(), O_CLOEXEC) >= 0;
  call_->shut = false;
  watch_.changed_.notify_all();
}

bool CallWatch::Call::over() const {
  const MutexLock lock(watch_.mutex_);
  return call_->over;
}

}  // namespace disposable
