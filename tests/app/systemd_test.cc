// Goal: a service manager hears what it must, in its own words; without one nothing happens.

#include "app/systemd.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

#include "support/temporary_folder.h"

namespace disposable {

namespace {

// The manager's end.
class Manager {
 public:
  explicit Manager(const std::string& address) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    address.copy(name.sun_path, sizeof(name.sun_path) - 1);
    if (address[0] == '@') {
      name.sun_path[0] = '\0';
    }
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), size) == 0);
  }

  // The oldest message; empty when there is none.
  std::string hear() {
    char message[512];
    const ssize_t size = ::recv(socket_.get(), message, sizeof(message), MSG_DONTWAIT);
    return {message, size > 0 ? static_cast<std::size_t>(size) : 0};
  }

 private:
  FileDescriptor socket_;
};

}  // namespace

TEST_CASE("notify: every message, at a path and at an abstract name") {
  const TemporaryFolder folder;
  const std::string abstract = "@disposable-secrets-test-" + std::to_string(::getpid());
  for (const std::string& address : {(folder / "notify").string(), abstract}) {
    CAPTURE(address);
    Manager manager(address);
    Result<NotifySocket> notify = NotifySocket::open(address);
    REQUIRE(notify);
    notify->ready("listening on 127.0.0.1:8000");
    CHECK(manager.hear() == "READY=1\nSTATUS=listening on 127.0.0.1:8000");
    notify->reloading(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(12'345'678'901)));
    CHECK(manager.hear() == "RELOADING=1\nMONOTONIC_USEC=12345678");
    notify->status("the audit log is behind");
    CHECK(manager.hear() == "STATUS=the audit log is behind");
    notify->watchdog();
    CHECK(manager.hear() == "WATCHDOG=1");
    notify->stopping("finishing requests");
    CHECK(manager.hear() == "STOPPING=1\nSTATUS=finishing requests");
    CHECK(manager.hear().empty());
  }
}

TEST_CASE("notify: without a manager nothing happens, and an address that cannot be right is refused") {
  Result<NotifySocket> nobody = NotifySocket::open("");
  REQUIRE(nobody);
  nobody->ready("alone");
  nobody->watchdog();
  const TemporaryFolder folder;
  CHECK(NotifySocket::open((folder / "none").string()).error().code == Errc::kUnavailable);
  CHECK(NotifySocket::open("vsock:2:1234").error().code == Errc::kInvalidArgument);
  CHECK(NotifySocket::open("/" + std::string(200, 'x')).error().code == Errc::kInvalidArgument);
}

TEST_CASE("notify: a manager that is gone stops nothing") {
  const TemporaryFolder folder;
  const std::string address = (folder / "notify").string();
  std::optional<Manager> manager(address);
  Result<NotifySocket> notify = NotifySocket::open(address);
  REQUIRE(notify);
  manager.reset();
  notify->watchdog();
}

TEST_CASE("watchdog: half of what is allowed, when this process is watched") {
  struct Row {
    const char* usec;
    const char* pid;
    std::int64_t interval;  // 0: none
  };
  for (const Row& row : {Row{"", "", 0}, Row{"30000000", "", 15'000'000}, Row{"30000000", "42", 15'000'000},
                         Row{"30000000", "43", 0}, Row{"0", "42", 0}, Row{"-5", "", 0}, Row{"30s", "", 0},
                         Row{"30000000", "x", 0}, Row{"99999999999999999999", "", 0}}) {
    CAPTURE(row.usec);
    CAPTURE(row.pid);
    SystemdEnvironment environment;
    environment.watchdog_usec = row.usec;
    environment.watchdog_pid = row.pid;
    const auto interval = watchdog_interval(environment, 42);
    CHECK(interval.value_or(std::chrono::microseconds{0}).count() == row.interval);
  }
}

TEST_CASE("systemd environment: read from the variables of the protocols") {
  const char* const names[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                               "LISTEN_PID",    "LISTEN_FDS",    "LISTEN_FDNAMES"};
  for (const char* name : names) {
    ::setenv(name, name, 1);
  }
  const SystemdEnvironment set = SystemdEnvironment::read();
  for (const char* name : names) {
    ::unsetenv(name);
  }
  const SystemdEnvironment unset = SystemdEnvironment::read();
  CHECK(set.notify_socket == "NOTIFY_SOCKET");
  CHECK(set.watchdog_usec == "WATCHDOG_USEC");
  CHECK(set.watchdog_pid == "WATCHDOG_PID");
  CHECK(set.passed.listen_pid == "LISTEN_PID");
  CHECK(set.passed.listen_fds == "LISTEN_FDS");
  CHECK(set.passed.listen_fdnames == "LISTEN_FDNAMES");
  CHECK(unset.notify_socket.empty());
  CHECK(unset.passed.listen_fds.empty());
}

}  // namespace disposable
