// HttpClient: one blocking keep-alive connection to a server on this machine, for tests that race requests.
//
// A request can be sent in two parts: begin() leaves out the last byte, so that everybody's worker already waits for it
// when finish() sends it. One thread at a time. A failure is an answer with status 0.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/result.h"

namespace disposable {

struct HttpAnswer {
  int status = 0;
  std::string body{};
};

class HttpClient {
 public:
  explicit HttpClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0, "the server listens");
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    // So that a test that goes wrong fails instead of hanging.
    const timeval patience{30, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient() { ::close(socket_); }

  HttpAnswer request(std::string_view method, std::string_view path, std::string_view body = {}) {
    begin(method, path, body);
    return finish();
  }

  void begin(std::string_view method, std::string_view path, std::string_view body = {}) {
    std::string bytes;
    bytes.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\nContent-Length: ");
    bytes.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    last_ = bytes.back();
    bytes.pop_back();
    send(bytes);
  }

  HttpAnswer finish() {
    send({&last_, 1});
    std::string received;
    std::size_t head_end = std::string::npos;
    while ((head_end = received.find("\r\n\r\n")) == std::string::npos) {
      if (!receive(received)) {
        return {};
      }
    }
    static constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t length_at = received.find(kLength);
    if (length_at > head_end) {
      return {};
    }
    const std::size_t body_at = head_end + 4;
    const std::size_t size = body_at + std::strtoul(received.c_str() + length_at + kLength.size(), nullptr, 10);
    while (received.size() < size) {
      if (!receive(received)) {
        return {};
      }
    }
    return {std::atoi(received.c_str() + std::string_view("HTTP/1.1 ").size()), received.substr(body_at)};
  }

 private:
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) {
        return;  // finish() will find no answer
      }
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  bool receive(std::string& received) {
    std::array<char, 4096> bytes{};
    const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (count > 0) {
      received.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return count > 0;
  }

  const int socket_;
  char last_ = 0;
};

}  // namespace disposable
