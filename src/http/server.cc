#include "http/server.h"

#include <httplib.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace disposable {

namespace {

// Without descriptors or memory accept() fails at once, again and again.
constexpr int kAcceptPauseMilliseconds = 50;

std::string format_head(const Response& response, bool close) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head.append(httplib::status_message(response.status)).append("\r\n");
  for (const ResponseHeader& header : response.headers) {
    head.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  head.append("Content-Length: ").append(std::to_string(response.body.size()));
  return head.append(close ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n");
}

}  // namespace

Server::Server(const Api& api, ServerOptions options, LogSink log)
    : state_{api, options, std::move(log), FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
             FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE))} {
  check(state_.stop_event && state_.crowded_event, "two descriptors can be had at the start");
}

Result<int> Server::bind(const std::string& host, int port) {
  auto listener = listen_on(host, port);
  if (!listener) {
    return fail(listener.error());
  }
  auto pool = WorkerPool::start(state_.options.workers, state_.options.waiting_max);
  if (!pool) {
    return fail(pool.error());
  }
  listener_ = std::move(*listener);
  pool_ = std::move(*pool);
  return listener_.port;
}

void Server::run() {
  {
    const MutexLock lock(mutex_);
    running_ = true;
  }
  while (!state_.stopping) {
    std::array<pollfd, 2> entries{{{listener_.socket.get(), POLLIN, 0}, {state_.stop_event.get(), POLLIN, 0}}};
    ::poll(entries.data(), entries.size(), -1);
    if (entries[0].revents != 0 && !state_.stopping) {
      accept_one();
    }
  }
  listener_.socket.reset();
  pool_.reset();
  const MutexLock lock(mutex_);
  running_ = false;
  finished_.notify_all();
}

void Server::accept_one() {
  FileDescriptor socket(::accept4(listener_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) {
    // Whatever it is, the next connection may succeed: accept() reports errors of single connections too.
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      state_.log(std::string("cannot accept connections: ") + std::strerror(errno));
      pollfd stop{state_.stop_event.get(), POLLIN, 0};
      ::poll(&stop, 1, kAcceptPauseMilliseconds);
    }
    return;
  }
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (++state_.open > state_.options.workers) {
    const std::uint64_t token = 1;
    [[maybe_unused]] const ssize_t written = ::write(state_.crowded_event.get(), &token, sizeof(token));
  }
  if (pool_->enqueue([this, number = socket.get()] { serve(number); })) {
    socket.release();
  } else {
    --state_.open;
  }
}

void Server::serve(int number) {
  const FileDescriptor socket(number);
  {
    const MutexLock lock(mutex_);
    sockets_.insert(number);
  }
  try {
    if (!aborted_) {
      Connection(state_, number, format_head).serve();
    }
  } catch (...) {
    state_.log("an exception ended a connection");
  }
  --state_.open;
  const MutexLock lock(mutex_);
  sockets_.erase(number);  // before it is closed, when its number is somebody else's
}

bool Server::stop(std::chrono::milliseconds deadline) {
  state_.stopping = true;
  const std::uint64_t token = 1;
  [[maybe_unused]] const ssize_t written = ::write(state_.stop_event.get(), &token, sizeof(token));
  const SteadyTime until = std::chrono::steady_clock::now() + deadline;
  const MutexLock lock(mutex_);
  while (running_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      aborted_ = true;
      for (const int socket : sockets_) {
        ::shutdown(socket, SHUT_RDWR);
      }
      return false;
    }
    finished_.wait_for(mutex_, left);
  }
  return true;
}

}  // namespace disposable
