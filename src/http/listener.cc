#include "http/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace disposable {

namespace {

// How long a peer may acknowledge nothing of what was sent to it, or have no room for it. Else one whose window has
// grown and who is then gone holds what is under way to it, 2 MiB, for as long as its answer may take.
constexpr std::chrono::milliseconds kUnacknowledgedMax{30'000};

// What may wait to be accepted; the system's somaxconn (4096 by default) is the other bound.
constexpr int kBacklog = 4096;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  template <class T>
  T& as() {
    return reinterpret_cast<T&>(storage);
  }
};

tl::unexpected<Error> cannot_listen(Errc code, const Endpoint& endpoint, const std::string& why) {
  return fail(code, "cannot listen on " + to_text(endpoint) + ": " + why);
}

tl::unexpected<Error> system_refuses(const Endpoint& endpoint, int error) {
  if (error == EADDRINUSE) {
    return cannot_listen(Errc::kAlreadyExists, endpoint, "the port is in use by another process");
  }
  return cannot_listen(error == EADDRNOTAVAIL ? Errc::kInvalidArgument : Errc::kUnavailable, endpoint,
                       std::strerror(error));
}

SocketAddress address_of(const Endpoint& endpoint) {
  SocketAddress address;
  if (endpoint.kind == Endpoint::Kind::kUnix) {
    auto& local = address.as<sockaddr_un>();
    local.sun_family = AF_UNIX;
    endpoint.address.copy(local.sun_path, sizeof(local.sun_path) - 1);
    address.size = sizeof(local);
  } else if (::inet_pton(AF_INET, endpoint.address.c_str(), &address.as<sockaddr_in>().sin_addr) == 1) {
    address.as<sockaddr_in>().sin_family = AF_INET;
    address.as<sockaddr_in>().sin_port = htons(static_cast<std::uint16_t>(endpoint.port));
    address.size = sizeof(sockaddr_in);
  } else {
    address = SocketAddress{};
    ::inet_pton(AF_INET6, endpoint.address.c_str(), &address.as<sockaddr_in6>().sin6_addr);
    address.as<sockaddr_in6>().sin6_family = AF_INET6;
    address.as<sockaddr_in6>().sin6_port = htons(static_cast<std::uint16_t>(endpoint.port));
    address.size = sizeof(sockaddr_in6);
  }
  return address;
}

void switch_on(int socket, int level, int option) {
  const int on = 1;
  ::setsockopt(socket, level, option, &on, sizeof(on));
}

// True when the file is a socket that a process left behind, and is gone now.
Result<void> remove_stale(const Endpoint& endpoint, SocketAddress address) {
  struct stat status {};
  if (::lstat(endpoint.address.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) {
    return cannot_listen(Errc::kAlreadyExists, endpoint, "there is a file that is no socket");
  }
  const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int connected = ::connect(probe.get(), address.get(), address.size);
  if (connected == 0 || errno == EAGAIN) {  // EAGAIN: its backlog is full
    return cannot_listen(Errc::kAlreadyExists, endpoint, "the socket is in use by another process");
  }
  if (errno == ECONNREFUSED && ::unlink(endpoint.address.c_str()) == 0) {
    return {};
  }
  return errno == ENOENT ? Result<void>{} : system_refuses(endpoint, errno);
}

}  // namespace

SocketFile::SocketFile(std::filesystem::path path) : path_(std::move(path)) {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
}

SocketFile::~SocketFile() {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

Endpoint bound_place(int socket) {
  SocketAddress bound;
  Endpoint endpoint;
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::getsockname(socket, bound.get(), &bound.size);
  switch (bound.storage.ss_family) {
    case AF_UNIX:
      endpoint.kind = Endpoint::Kind::kUnix;
      endpoint.address = bound.as<sockaddr_un>().sun_path;
      break;
    case AF_INET6:
      endpoint.address = ::inet_ntop(AF_INET6, &bound.as<sockaddr_in6>().sin6_addr, text.data(), text.size());
      endpoint.port = ntohs(bound.as<sockaddr_in6>().sin6_port);
      break;
    default:
      endpoint.address = ::inet_ntop(AF_INET, &bound.as<sockaddr_in>().sin_addr, text.data(), text.size());
      endpoint.port = ntohs(bound.as<sockaddr_in>().sin_port);
  }
  return endpoint;
}

Result<ListeningSocket> adopt_listener(FileDescriptor socket, const Endpoint& endpoint, const ListenOptions& options) {
  const Endpoint place = bound_place(socket.get());
  const bool is_unix = place.kind == Endpoint::Kind::kUnix;
  const bool tls = endpoint.security == Endpoint::Security::kTls ||
                   (endpoint.security == Endpoint::Security::kDefault && options.has_certificate && !is_unix);
  if (tls && !options.has_certificate) {
    return cannot_listen(Errc::kInvalidArgument, endpoint, "https:// needs a certificate and its private key");
  }
  if (!is_unix) {
    switch_on(socket.get(), IPPROTO_TCP, TCP_NODELAY);
    // Else the kernel holds up to 4 MiB for each peer that asks and does not read. This bounds what has not been sent,
    // so that a peer who reads has as much under way as his distance needs. Connections inherit it.
    const int unsent_bytes = 32 * 1024;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes, sizeof(unsent_bytes));
    const auto unacknowledged = static_cast<unsigned>(kUnacknowledgedMax.count());
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof(unacknowledged));
  }
  ListeningSocket listener{std::move(socket), (tls ? "https://" : "http://") + to_text(place)};
  listener.port = place.port;
  listener.is_unix = is_unix;
  listener.tls = tls;
  listener.metrics = endpoint.metrics;
  return listener;
}

Result<ListeningSocket> open_listener(const Endpoint& endpoint, const ListenOptions& options) {
  SocketAddress address = address_of(endpoint);
  const int family = address.storage.ss_family;
  FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) {
    return system_refuses(endpoint, errno);
  }
  switch_on(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (family == AF_INET6) {
    switch_on(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  }
  int bound = ::bind(socket.get(), address.get(), address.size);
  if (bound != 0 && errno == EADDRINUSE && family == AF_UNIX) {
    const Result<void> removed = remove_stale(endpoint, address);
    if (!removed) {
      return fail(removed.error());
    }
    bound = ::bind(socket.get(), address.get(), address.size);
  }
  if (bound != 0) {
    return system_refuses(endpoint, errno);
  }
  std::unique_ptr<SocketFile> file;
  if (family == AF_UNIX) {
    file = std::make_unique<SocketFile>(endpoint.address);
    // Before listen(): until then nobody can connect, whatever the mode.
    if (::chmod(endpoint.address.c_str(), options.unix_mode) != 0) {
      return system_refuses(endpoint, errno);
    }
  }
  if (::listen(socket.get(), kBacklog) != 0) {
    return system_refuses(endpoint, errno);
  }
  Result<ListeningSocket> listener = adopt_listener(std::move(socket), endpoint, options);
  if (listener) {
    listener->file = std::move(file);
  }
  return listener;
}

}  // namespace disposable
