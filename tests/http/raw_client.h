// A client that sends exactly the bytes it is told to, to a server on a free port of this machine.

#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <thread>

#include "http/api_fixture.h"
#include "http/server.h"
#include "support/metrics_parser.h"

namespace disposable {

class RawClient {
 public:
  // `window`: bytes that the system takes for us before we read; 0: as many as it likes.
  explicit RawClient(int port, int window = 0) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // So that a test that goes wrong fails instead of hanging.
    const timeval patience{20, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (window != 0) {
      ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &window, sizeof(window));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  virtual ~RawClient() = default;

  virtual void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      REQUIRE(count > 0);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void finish_sending() { ::shutdown(socket_.get(), SHUT_WR); }

  // One response: status line to the end of its body; "" when the server has closed.
  std::string receive(bool with_body = true) {
    std::size_t head_end = 0;
    while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive_more()) {
        return take(buffer_.size());
      }
    }
    std::size_t size = head_end + 4;
    const std::size_t at = buffer_.find("Content-Length: ");
    if (with_body && at < head_end) {
      size += std::stoul(buffer_.substr(at + 16));
    }
    while (buffer_.size() < size) {
      if (!receive_more()) {
        break;
      }
    }
    return take(size);
  }
  // Whether anything has arrived; does not wait.
  bool has_answer() {
    char byte = 0;
    return !buffer_.empty() || ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  }
  // A part of the response, as far as it has arrived.
  void receive_up_to(std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    buffer_.append(bytes, 0, count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  // Until the first byte has arrived, which stays unread.
  void wait_for_answer() {
    char byte = 0;
    REQUIRE(::recv(socket_.get(), &byte, 1, MSG_PEEK) == 1);
  }
  // Everything until the server closes.
  std::string receive_all() {
    while (receive_more()) {
    }
    return take(buffer_.size());
  }

 protected:
  // Waits for what comes next; "" at the end.
  virtual std::string receive_some() {
    std::string bytes(65536, '\0');
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }

 private:
  bool receive_more() {
    const std::string bytes = receive_some();
    buffer_ += bytes;
    return !bytes.empty();
  }
  std::string take(std::size_t size) {
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }

  FileDescriptor socket_;
  std::string buffer_;
};

inline std::string request(std::string_view method, std::string_view path, std::string_view body = {},
                           std::string_view more = {}) {
  std::string text = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(more);
  if (!body.empty()) {
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  return text + "\r\n" + std::string(body);
}

inline int status_of(const std::string& response) {
  return response.size() > 12 ? std::stoi(response.substr(9, 3)) : 0;
}

// A listener on a free port of this machine.
inline std::vector<ListeningSocket> listen_anywhere(bool tls = false) {
  const Result<Endpoint> endpoint = parse_endpoint(tls ? "https://127.0.0.1:0" : "http://127.0.0.1:0");
  Result<ListeningSocket> listener = open_listener(*endpoint, {.has_certificate = tls});
  REQUIRE(listener.has_value());
  std::vector<ListeningSocket> listeners;
  listeners.push_back(std::move(*listener));
  return listeners;
}

// An Api behind a running server; with `tls`, it speaks nothing else.
class RunningServer {
 public:
  RunningServer(const Api& api, Durability& durability, const ServerOptions& options = {.workers = 4},
                const CurrentTlsContext* tls = nullptr)
      : listeners_(listen_anywhere(tls != nullptr)), port(listeners_.front().port) {
    Front::Parts parts{api, clock_, [](std::string_view) {}, nullptr, {}, tls};
    Result<std::unique_ptr<Server>> server = Server::open(std::move(parts), durability, options);
    REQUIRE(server.has_value());
    server_ = std::move(*server);
    REQUIRE(server_->serve(listeners_).has_value());
  }
  ~RunningServer() { server_->stop(std::chrono::seconds{5}); }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  bool stop(std::chrono::milliseconds deadline) { return server_->stop(deadline); }
  void configure(const FrontSettings& settings) { server_->configure(settings); }
  // What was answered last may be missing, until the server has stopped.
  ParsedMetrics metrics() const {
    MetricsText text;
    server_->write_metrics(text);
    return ParsedMetrics(text.take());
  }

 private:
  ManualClock clock_;
  std::vector<ListeningSocket> listeners_;
  std::unique_ptr<Server> server_;

 public:
  const int port;
};

}  // namespace disposable
