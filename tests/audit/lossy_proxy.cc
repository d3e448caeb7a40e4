#include "audit/lossy_proxy.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <utility>
#include <vector>

#include "base/result.h"

namespace disposable {

namespace {

constexpr int kTickMs = 20;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

FileDescriptor connect_to(int port) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ? std::move(socket)
                                                                                                    : FileDescriptor();
}

std::string receive(const FileDescriptor& socket) {
  std::array<char, 65'536> bytes{};
  const ssize_t count = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
  return {bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

void send_all(const FileDescriptor& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

LossyProxy::LossyProxy(int server_port)
    : server_port_(server_port), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  check(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 &&
            ::listen(listener_.get(), SOMAXCONN) == 0 &&
            ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0,
        "a proxy can listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void LossyProxy::lose(Loss loss, std::string needle) {
  const MutexLock lock(mutex_);
  loss_ = loss;
  needle_ = std::move(needle);
}

bool LossyProxy::takes(std::string_view bytes, Loss& loss) {
  const MutexLock lock(mutex_);
  if (needle_.empty() || bytes.find(needle_) == std::string_view::npos) {
    return false;
  }
  needle_.clear();
  loss = loss_;
  return true;
}

void LossyProxy::run(const std::stop_token& stop) {
  std::vector<std::jthread> connections;
  while (!stop.stop_requested()) {
    pollfd entry{listener_.get(), POLLIN, 0};
    if (::poll(&entry, 1, kTickMs) > 0) {
      FileDescriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      connections.emplace_back([this, client = std::move(client)](const std::stop_token& end) { carry(client, end); });
    }
  }
}

void LossyProxy::carry(const FileDescriptor& client, const std::stop_token& stop) {
  const FileDescriptor server = connect_to(server_port_);
  while (server && !stop.stop_requested()) {
    pollfd entries[] = {{client.get(), POLLIN, 0}, {server.get(), POLLIN, 0}};
    ::poll(entries, 2, kTickMs);
    if (entries[1].revents != 0) {
      const std::string bytes = receive(server);
      if (bytes.empty()) {
        break;
      }
      send_all(client, bytes);
    }
    if (entries[0].revents != 0) {
      const std::string bytes = receive(client);
      Loss loss{};
      const bool lost = takes(bytes, loss);
      if (bytes.empty() || (lost && loss == Loss::kRequest)) {
        losses_ += lost ? 1 : 0;
        break;
      }
      send_all(server, bytes);
      if (lost) {
        receive(server);  // the server has done it
        ++losses_;
        break;
      }
    }
  }
  ::shutdown(client.get(), SHUT_RDWR);
}

}  // namespace disposable
