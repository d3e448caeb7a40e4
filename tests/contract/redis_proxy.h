// RedisProxy: a TCP port in front of a Redis that loses or holds back, once, what the test says. Thread-safe.

#pragma once

#include <thread>
#include <vector>

#include "base/file_descriptor.h"
#include "base/mutex.h"
#include "contract/redis_process.h"

namespace disposable {

class RedisProxy {
 public:
  // What happens to the next thing that a client sends; after it everything passes again.
  enum class Fault : std::uint8_t {
    kNone,
    kLoseRequest,  // it never arrives, and the connection ends
    kLoseReply,    // it is carried out, and the connection ends instead of the answer
    kHoldRequest,  // it arrives when deliver_held() is called; the client hears nothing
  };

  explicit RedisProxy(const RedisProcess& redis);
  RedisProxy(const RedisProxy&) = delete;
  RedisProxy& operator=(const RedisProxy&) = delete;
  ~RedisProxy();

  std::string url(const std::string& prefix, int timeout_ms) const {
    return "redis://127.0.0.1:" + std::to_string(port_) + "?timeout_ms=" + std::to_string(timeout_ms) +
           "&prefix=" + prefix;
  }
  void next(Fault fault);
  // Ends every new connection at once while it is so.
  void refuse(bool refuse);
  // Gives the server what was held, and waits until it has answered.
  void deliver_held();
  // Connections so far.
  int connections();

 private:
  struct Pipe {
    FileDescriptor client;
    FileDescriptor server;
    Fault fault = Fault::kNone;
    std::string held;
  };

  FileDescriptor connect_to_server() const;
  void run(const std::stop_token& stop);
  void accept_one() REQUIRES(mutex_);
  void from_client(Pipe& pipe) REQUIRES(mutex_);
  void from_server(Pipe& pipe) REQUIRES(mutex_);

  const std::string server_socket_;
  FileDescriptor listener_;
  std::uint16_t port_ = 0;
  Mutex mutex_;
  Fault next_ GUARDED_BY(mutex_) = Fault::kNone;
  bool refuse_ GUARDED_BY(mutex_) = false;
  int connections_ GUARDED_BY(mutex_) = 0;
  std::vector<Pipe> pipes_ GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace disposable
