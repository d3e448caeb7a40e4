// Poller: epoll(7), as a thing that calls whoever a descriptor belongs to.
//
// wait() belongs to one thread; add(), remove() and wake() to any.

#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <memory>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace disposable {

class EventSource {
 public:
  EventSource() = default;
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;
  virtual ~EventSource() = default;

  // What it means is found out by trying: reads and writes tell more than `events`, and say it reliably.
  virtual void on_event(std::uint32_t events) = 0;
};

class Poller {
 public:
  // kUnavailable when the system refuses a descriptor.
  static Result<std::unique_ptr<Poller>> open();

  // The source must stay until after the wait() in which its descriptor was closed or removed.
  Result<void> add(int descriptor, std::uint32_t events, EventSource& source);
  void remove(int descriptor);

  // Whoever waits or is about to, does not any more. One atomic operation when nobody does.
  void wake();

  // Between these two calls, a wake() ends the wait(); so what wake() announces is looked for in between.
  void prepare_to_wait();
  // Until something has happened, and no longer than `milliseconds`.
  void wait(int milliseconds);
  // Calls the sources of what has happened.
  void dispatch();

 private:
  Poller(FileDescriptor poll, FileDescriptor wake) : poll_(std::move(poll)), wake_(std::move(wake)) {}

  static constexpr std::size_t kEventsAtOnce = 256;

  const FileDescriptor poll_;
  const FileDescriptor wake_;
  std::atomic<bool> waiting_{false};
  std::array<epoll_event, kEventsAtOnce> events_{};
  std::size_t count_ = 0;
};

}  // namespace disposable
