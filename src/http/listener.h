// Listening sockets, TCP and Unix. Those that systemd passes are in http/passed_sockets.h.
//
// All are non-blocking and close-on-exec, and a TCP connection that they accept has TCP_NODELAY (Linux inherits it).
// SO_REUSEADDR, so that a restart need not wait; never SO_REUSEPORT, which would let a second process share the port
// unnoticed. v6 sockets are V6ONLY, so that 0.0.0.0 and [::] can be listened on together. One thread; errors are
// sentences for the operator.

#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/file_descriptor.h"
#include "http/endpoint.h"

namespace disposable {

// The file of a Unix socket, which goes with its owner, unless another process has put its own there meanwhile.
class SocketFile {
 public:
  // Of the file that is there now.
  explicit SocketFile(std::filesystem::path path);
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile();

 private:
  const std::filesystem::path path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// A value; closes when it goes.
struct ListeningSocket {
  FileDescriptor socket;
  std::string description;  // "https://[::1]:8443", "http://unix:/run/x.sock"; for logs
  int port = 0;             // 0 for a Unix socket
  bool is_unix = false;
  bool tls = false;
  bool metrics = false;
  bool passed = false;  // somebody else holds it too and goes on accepting
  std::unique_ptr<SocketFile> file{};
};

struct ListenOptions {
  bool has_certificate = false;
  mode_t unix_mode = 0660;
};

// Opens one TCP or Unix endpoint. kAlreadyExists: the place is in use. A socket file at whose other end nobody accepts
// is left over from a crash and replaced; any other file stays. kInvalidArgument: there is no such address here, or
// TLS is asked for without a certificate. kUnavailable: the system refuses.
Result<ListeningSocket> open_listener(const Endpoint& endpoint, const ListenOptions& options);

// A listening socket that exists already, to be served as `endpoint` says. kInvalidArgument as above.
Result<ListeningSocket> adopt_listener(FileDescriptor socket, const Endpoint& endpoint, const ListenOptions& options);

// Where a TCP or Unix socket is bound.
Endpoint bound_place(int socket);

}  // namespace disposable
