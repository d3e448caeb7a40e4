#include "http/poller.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>

namespace disposable {

Result<std::unique_ptr<Poller>> Poller::open() {
  FileDescriptor poll(::epoll_create1(EPOLL_CLOEXEC));
  FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;  // every write is an event, and nobody needs to read
  event.data.ptr = nullptr;
  if (!poll || !wake || ::epoll_ctl(poll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return fail(Errc::kUnavailable, std::string("the system refuses an event loop: ") + std::strerror(errno));
  }
  return std::unique_ptr<Poller>(new Poller(std::move(poll), std::move(wake)));
}

Result<void> Poller::add(int descriptor, std::uint32_t events, EventSource& source) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &source;
  if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
    return fail(Errc::kUnavailable, std::string("the system refuses to watch a socket: ") + std::strerror(errno));
  }
  return {};
}

void Poller::remove(int descriptor) { ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, descriptor, nullptr); }

void Poller::wake() {
  // Both exchanges are of one variable, so one comes first: either this one finds that somebody waits, or that one's
  // looking finds what was announced.
  if (waiting_.exchange(false, std::memory_order_acq_rel)) {
    const std::uint64_t one = 1;
    // It fails only when 2^64 - 2 wakes are pending, and then there is one pending.
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
  }
}

void Poller::prepare_to_wait() { waiting_.exchange(true, std::memory_order_acq_rel); }

void Poller::wait(int milliseconds) {
  const int count = ::epoll_wait(poll_.get(), events_.data(), static_cast<int>(events_.size()), milliseconds);
  waiting_.exchange(false, std::memory_order_acq_rel);
  count_ = count > 0 ? static_cast<std::size_t>(count) : 0;
}

void Poller::dispatch() {
  for (const epoll_event& event : std::span(events_).first(count_)) {
    if (auto* const source = static_cast<EventSource*>(event.data.ptr)) {
      source->on_event(event.events);
    }
  }
}

}  // namespace disposable
