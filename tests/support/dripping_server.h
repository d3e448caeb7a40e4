// DrippingServer: one that is never silent and never done, on a free port of this machine.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <stop_token>
#include <string>
#include <thread>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace disposable {

// Answers connections, one after the other, with `head`, and then with `drop` every ten milliseconds.
class DrippingServer {
 public:
  DrippingServer(std::string head, std::string drop)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), head_(std::move(head)), drop_(std::move(drop)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    check(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
              ::listen(listener_.get(), 1) == 0 &&
              ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0,
          "the server listens");
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  std::uint16_t port() const { return port_; }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd waiting{listener_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 10) == 1) {
        answer(FileDescriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)), stop);
      }
    }
  }
  void answer(const FileDescriptor& connection, const std::stop_token& stop) {
    ::send(connection.get(), head_.data(), head_.size(), MSG_NOSIGNAL);
    pollfd closed{connection.get(), POLLRDHUP, 0};
    while (!stop.stop_requested() && ::poll(&closed, 1, 10) == 0 &&
           ::send(connection.get(), drop_.data(), drop_.size(), MSG_NOSIGNAL) >= 0) {
    }
  }

  FileDescriptor listener_;
  std::string head_;
  std::string drop_;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

}  // namespace disposable
