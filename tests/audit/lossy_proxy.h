// A TCP proxy in front of a server on this machine that, when told, loses a request or the answer to it and closes.

#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <thread>

#include "base/file_descriptor.h"
#include "base/mutex.h"

namespace disposable {

class LossyProxy {
 public:
  enum class Loss { kRequest, kAnswer };

  explicit LossyProxy(int server_port);
  LossyProxy(const LossyProxy&) = delete;
  LossyProxy& operator=(const LossyProxy&) = delete;
  ~LossyProxy() = default;

  int port() const { return port_; }
  // Once: the next bytes of a client that contain `needle`, or the server's answer to them.
  void lose(Loss loss, std::string needle) EXCLUDES(mutex_);
  int losses() const { return losses_; }

 private:
  void run(const std::stop_token& stop) EXCLUDES(mutex_);
  void carry(const FileDescriptor& client, const std::stop_token& stop) EXCLUDES(mutex_);
  // Nothing, or what to lose now that the client has sent `bytes`.
  bool takes(std::string_view bytes, Loss& loss) EXCLUDES(mutex_);

  const int server_port_;
  int port_ = 0;
  FileDescriptor listener_;
  std::atomic<int> losses_ = 0;
  Mutex mutex_;
  Loss loss_ GUARDED_BY(mutex_) = Loss::kAnswer;
  std::string needle_ GUARDED_BY(mutex_);
  std::jthread thread_;  // last: it stops before anything it uses goes
};

}  // namespace disposable
