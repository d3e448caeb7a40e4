#include "app/systemd.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "app/environment.h"

namespace disposable {

namespace {

constexpr timeval kSendTimeout{1, 0};

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

SystemdEnvironment SystemdEnvironment::read() {
  SystemdEnvironment environment;
  environment.notify_socket = environment_variable("NOTIFY_SOCKET");
  environment.watchdog_usec = environment_variable("WATCHDOG_USEC");
  environment.watchdog_pid = environment_variable("WATCHDOG_PID");
  environment.passed.listen_pid = environment_variable("LISTEN_PID");
  environment.passed.listen_fds = environment_variable("LISTEN_FDS");
  environment.passed.listen_fdnames = environment_variable("LISTEN_FDNAMES");
  return environment;
}

std::optional<std::chrono::microseconds> watchdog_interval(const SystemdEnvironment& environment, pid_t self) {
  const std::optional<std::int64_t> limit = number(environment.watchdog_usec);
  const bool ours = environment.watchdog_pid.empty() || number(environment.watchdog_pid) == self;
  if (!limit || *limit <= 0 || !ours) {
    return std::nullopt;
  }
  return std::chrono::microseconds(*limit / 2);
}

Result<NotifySocket> NotifySocket::open(const std::string& address) {
  NotifySocket notify;
  if (address.empty()) {
    return notify;
  }
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  if ((address[0] != '/' && address[0] != '@') || address.size() >= sizeof(target.sun_path)) {
    return fail(Errc::kInvalidArgument, "NOTIFY_SOCKET is neither a path nor an abstract name");
  }
  address.copy(target.sun_path, sizeof(target.sun_path) - 1);
  if (address[0] == '@') {
    target.sun_path[0] = '\0';
  }
  // An abstract name ends with the length, not with a zero.
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  notify.socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ::setsockopt(notify.socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof(kSendTimeout));
  if (::connect(notify.socket_.get(), reinterpret_cast<const sockaddr*>(&target), size) != 0) {
    return fail(Errc::kUnavailable, std::string("cannot reach the service manager: ") + std::strerror(errno));
  }
  return notify;
}

void NotifySocket::ready(std::string_view status) { send("READY=1\nSTATUS=" + std::string(status)); }

void NotifySocket::reloading(std::chrono::steady_clock::time_point now) {
  const auto since_boot = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(since_boot.count()));
}

void NotifySocket::stopping(std::string_view status) { send("STOPPING=1\nSTATUS=" + std::string(status)); }

void NotifySocket::status(std::string_view status) { send("STATUS=" + std::string(status)); }

void NotifySocket::watchdog() { send("WATCHDOG=1"); }

void NotifySocket::send(std::string_view message) {
  if (socket_) {
    while (::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
  }
}

}  // namespace disposable
