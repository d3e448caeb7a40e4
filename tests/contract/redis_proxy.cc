#include "contract/redis_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>

namespace disposable {

namespace {

std::string receive(const FileDescriptor& socket) {
  std::array<char, 65536> bytes{};
  const ssize_t count = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
  return {bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

void send_all(const FileDescriptor& socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool readable(int socket, int timeout_ms) {
  pollfd waited{socket, POLLIN, 0};
  return socket >= 0 && ::poll(&waited, 1, timeout_ms) > 0;
}

}  // namespace

RedisProxy::RedisProxy(const RedisProcess& redis)
    : server_socket_(redis.socket()), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  check(::bind(listener_.get(), generic, size) == 0 && ::listen(listener_.get(), 64) == 0 &&
            ::getsockname(listener_.get(), generic, &size) == 0,
        "there is a free port");
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

RedisProxy::~RedisProxy() = default;

void RedisProxy::next(Fault fault) {
  const MutexLock lock(mutex_);
  next_ = fault;
}

void RedisProxy::refuse(bool refuse) {
  const MutexLock lock(mutex_);
  refuse_ = refuse;
}

int RedisProxy::connections() {
  const MutexLock lock(mutex_);
  return connections_;
}

void RedisProxy::deliver_held() {
  const MutexLock lock(mutex_);
  for (Pipe& pipe : pipes_) {
    if (!pipe.held.empty()) {
      send_all(pipe.server, std::exchange(pipe.held, {}));
      check(readable(pipe.server.get(), 10'000), "the server answers what was held");
      pipe.server.reset();
    }
  }
}

FileDescriptor RedisProxy::connect_to_server() const {
  FileDescriptor server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  server_socket_.copy(address.sun_path, sizeof address.sun_path - 1);
  check(::connect(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "there is a Redis");
  return server;
}

void RedisProxy::accept_one() {
  FileDescriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  ++connections_;
  if (!refuse_) {
    pipes_.push_back({std::move(client), connect_to_server(), Fault::kNone, {}});
  }
}

void RedisProxy::from_client(Pipe& pipe) {
  const std::string bytes = receive(pipe.client);
  if (bytes.empty() || next_ == Fault::kLoseRequest) {
    next_ = bytes.empty() ? next_ : Fault::kNone;
    pipe.client.reset();
    if (pipe.held.empty()) {
      pipe.server.reset();
    }
    return;
  }
  pipe.fault = std::exchange(next_, Fault::kNone);
  if (pipe.fault == Fault::kHoldRequest) {
    pipe.held = bytes;
    return;
  }
  send_all(pipe.server, bytes);
}

void RedisProxy::from_server(Pipe& pipe) {
  const std::string bytes = receive(pipe.server);
  if (bytes.empty() || pipe.fault == Fault::kLoseReply) {
    pipe.client.reset();
    pipe.server.reset();
    return;
  }
  send_all(pipe.client, bytes);
}

void RedisProxy::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<pollfd> waited{{listener_.get(), POLLIN, 0}};
    {
      const MutexLock lock(mutex_);
      std::erase_if(pipes_, [](const Pipe& pipe) { return !pipe.server; });
      for (const Pipe& pipe : pipes_) {
        waited.push_back({pipe.client.get(), POLLIN, 0});
        waited.push_back({pipe.server.get(), POLLIN, 0});
      }
    }
    if (::poll(waited.data(), waited.size(), 20) <= 0) {
      continue;
    }
    const MutexLock lock(mutex_);
    for (Pipe& pipe : pipes_) {
      if (readable(pipe.client.get(), 0)) {
        from_client(pipe);
      }
      if (readable(pipe.server.get(), 0)) {
        from_server(pipe);
      }
    }
    if (readable(listener_.get(), 0)) {
      accept_one();
    }
  }
}

}  // namespace disposable
