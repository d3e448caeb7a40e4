#include "http/poller.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

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
  // Pairs with the exchange in prepare_to_wait(): either that one's looking finds what was announced, or this one sees
  // that somebody waits.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (waiting_.load(std::memory_order_relaxed) && waiting_.exchange(false)) {
    const std::uint64_t one = 1;
    // It fails only when 2^64 - 2 wakes are pending, and then there is one pending.
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
  }
}

void Poller::prepare_to_wait() { waiting_.exchange(true, std::memory_order_seq_cst); }

void Poller::wait(int milliseconds) {
  constexpr std::size_t kEventsAtOnce = 256;
  std::array<epoll_event, kEventsAtOnce> events;
  const int count = ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), milliseconds);
  waiting_.store(false, std::memory_order_relaxed);
  for (int i = 0; i < count; ++i) {
    if (auto* const source = static_cast<EventSource*>(events.at(static_cast<std::size_t>(i)).data.ptr)) {
      source->on_event(events.at(static_cast<std::size_t>(i)).events);
    }
  }
}

}  // namespace disposable
