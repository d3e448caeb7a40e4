#include "http/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>

namespace disposable {

namespace {

// What may wait to be accepted; the system's somaxconn (4096 by default) is the other bound.
constexpr int kBacklog = 1024;

bool passed(SteadyTime deadline) { return std::chrono::steady_clock::now() >= deadline; }

// Returns when the socket is ready (an error shows on the next read or write), at the deadline, or on a signal.
void wait_for(int socket, short events, SteadyTime deadline) {
  pollfd entry{socket, events, 0};
  ::poll(&entry, 1, poll_timeout(deadline));
}

std::string reason(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

Result<Listener> listen_at(const addrinfo& address) {
  Listener listener{
      FileDescriptor(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol))};
  if (!listener.socket) {
    return fail(Errc::kUnavailable, reason("cannot create a socket"));
  }
  const int socket = listener.socket.get();
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(socket, address.ai_addr, address.ai_addrlen) != 0 || ::listen(socket, kBacklog) != 0) {
    if (errno == EADDRINUSE) {
      return fail(Errc::kAlreadyExists, "the port is in use by another process");
    }
    return fail(errno == EADDRNOTAVAIL ? Errc::kInvalidArgument : Errc::kUnavailable, reason("cannot listen"));
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return fail(Errc::kUnavailable, reason("cannot read the bound port"));
  }
  listener.port = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                                    : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
  return listener;
}

}  // namespace

Result<Listener> listen_on(const std::string& host, int port) {
  if (port < 0 || port > 65535) {
    return fail(Errc::kInvalidArgument, "a port is a number from 0 to 65535");
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV | AI_NUMERICHOST;
  addrinfo* found = nullptr;
  // Only addresses: resolving names needs glibc's shared NSS modules, which a static executable must not load.
  const std::string address = host == "localhost" ? "127.0.0.1" : host;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return fail(Errc::kInvalidArgument, "the host to listen on is neither an address nor localhost");
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  return listen_at(*found);
}

std::string peer_address(int socket) {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    return {};
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (peer.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(peer).sin_addr, text.data(), text.size());
  } else if (peer.ss_family == AF_INET6) {
    const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
      ::inet_ntop(AF_INET, &address.s6_addr[12], text.data(), text.size());
    } else {
      ::inet_ntop(AF_INET6, &address, text.data(), text.size());
    }
  }
  return text.data();
}

int poll_timeout(SteadyTime deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, std::numeric_limits<int>::max()));
}

std::size_t read_some(int socket, std::span<std::uint8_t> out, SteadyTime deadline) {
  while (!passed(deadline)) {
    const ssize_t count = ::recv(socket, out.data(), out.size(), 0);
    if (count > 0) {
      return static_cast<std::size_t>(count);
    }
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
      return 0;
    }
    wait_for(socket, POLLIN, deadline);
  }
  return 0;
}

bool write_all(int socket, ByteView head, ByteView body, SteadyTime deadline) {
  while (!head.empty() || !body.empty()) {
    std::array<iovec, 2> parts{
        {{const_cast<std::uint8_t*>(head.data()), head.size()}, {const_cast<std::uint8_t*>(body.data()), body.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t count = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if ((count < 0 && errno != EAGAIN && errno != EINTR) || passed(deadline)) {
      return false;
    }
    if (count < 0) {
      wait_for(socket, POLLOUT, deadline);
      continue;
    }
    const auto written = static_cast<std::size_t>(count);
    const std::size_t of_head = std::min(written, head.size());
    head = head.subspan(of_head);
    body = body.subspan(written - of_head);
  }
  return true;
}

}  // namespace disposable
