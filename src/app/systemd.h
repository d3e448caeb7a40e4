// What systemd, or another service manager that speaks its protocols, tells this process and is told by it. No
// libsystemd: the protocols are a few lines, and promised to be stable. Sources: sd_notify(3), sd_listen_fds(3),
// sd_watchdog_enabled(3).

#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "http/passed_sockets.h"

namespace disposable {

// The variables of the protocols; empty when they are not set. Call before there are other threads.
struct SystemdEnvironment {
  std::string notify_socket;  // NOTIFY_SOCKET
  std::string watchdog_usec;  // WATCHDOG_USEC
  std::string watchdog_pid;   // WATCHDOG_PID
  PassedEnvironment passed;

  static SystemdEnvironment read();
};

// How often the watchdog must hear from `self`, at the latest: half of what the manager allows, as it advises. None
// when it does not watch, or watches another process.
std::optional<std::chrono::microseconds> watchdog_interval(const SystemdEnvironment& environment, pid_t self);

// Tells the manager how the service is. Without a manager every call does nothing. One thread. A message is one
// datagram; when the manager does not take it within a second it is dropped, so that a manager in trouble does not stop
// the service. What it does not hear it acts upon by its own timeouts.
class NotifySocket {
 public:
  // Connects, so that nothing has to be looked up later (in a sandbox). `address` is an absolute path, a name beginning
  // with '@' (abstract), or empty: nobody is to be told. kInvalidArgument: it is something else. kUnavailable: nobody
  // is there.
  static Result<NotifySocket> open(const std::string& address);

  // Started, or done with reloading. `status` is a line for `systemctl status`.
  void ready(std::string_view status);
  // Before a reload; then ready() again. `now` is the steady clock's time.
  void reloading(std::chrono::steady_clock::time_point now);
  void stopping(std::string_view status);
  void status(std::string_view status);
  // Alive; see watchdog_interval().
  void watchdog();

 private:
  void send(std::string_view message);

  FileDescriptor socket_;
};

}  // namespace disposable
