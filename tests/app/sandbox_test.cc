// Goal: a process that confined itself is refused what it does not need, in every thread, and gets what it needs.

#include "app/sandbox.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <functional>
#include <latch>
#include <thread>

#include "app/backends.h"
#include "app/system_calls.h"
#include "base/file_descriptor.h"
#include "support/temporary_folder.h"

namespace disposable {

namespace {

// What became of a child process that ran `attempt`: the value as its exit code, or 256 and the signal that ended it.
int in_child(const std::function<int()>& attempt) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // doctest's handler would take it for a failure of the test
    ::_exit(attempt());
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

// 0, or the error: the system calls' own convention.
int error_of(long result) { return result < 0 ? errno : 0; }

int open_error(const std::filesystem::path& path, int flags) {
  return error_of(FileDescriptor(::open(path.c_str(), flags | O_CLOEXEC, 0600)).get());
}

int tcp_error(int (*call)(int, const sockaddr*, socklen_t), std::uint16_t port) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return error_of(call(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
}

struct Row {
  const char* what;
  int expected;
  std::function<int()> attempt;
};

void give_up_privileges() { check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs is set"); }

void* map(int protection) { return ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }

}  // namespace

TEST_CASE("sandbox: of credentials the certificate is readable, and not the keyring beside it") {
  const TemporaryFolder folder;
  for (const char* name : {"keyring", "tls-cert", "tls-key"}) {
    std::ofstream(folder / name) << "x";
  }
  std::filesystem::create_directories(folder / "data");
  ServeOptions options;
  options.paths = {folder / "data", folder / "keyring"};
  options.tls_certificate = folder / "tls-cert";
  options.tls_key = folder / "tls-key";
  const LandlockRules rules = landlock_rules(options, {"", folder.path()});
  const int opened = in_child([&] {
    give_up_privileges();
    check(apply_landlock(rules).has_value(), "Landlock is applied");
    check(open_error(folder / "tls-cert", O_RDONLY) == 0, "the certificate is readable");
    check(open_error(folder / "tls-key", O_RDONLY) == 0, "its key is readable");
    return open_error(folder / "keyring", O_RDONLY);
  });
  CHECK(opened == (landlock_version() == 0 ? 0 : EACCES));
}

TEST_CASE("sandbox: the rules follow the options") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "live");
  std::filesystem::create_directories(folder / "archive");
  std::ofstream(folder / "archive/cert1.pem") << "x";
  std::filesystem::create_symlink("../archive/cert1.pem", folder / "live/cert.pem");
  ServeOptions options;
  options.paths = {"/d/data", "/k/keyring"};
  options.config = "/etc/us/config";
  options.paths.token_file = "/etc/tokens/of-us";
  options.tls_certificate = folder / "live/cert.pem";
  options.tls_key = folder / "live/missing.pem";
  options.listen = {"127.0.0.1:80", "https://[::]:443", "unix:/run/us/socket", "fd:web", "systemd"};
  options.metrics_listen = "unix:/run/metrics/socket";
  const LandlockRules rules = landlock_rules(options, {"/run/systemd/notify", "/run/credentials/us"});
  using PathList = std::vector<std::filesystem::path>;
  CHECK(rules.writable == PathList{"/d/data"});
  CHECK(rules.readable == PathList{"/dev/urandom", "/proc/sys/kernel/random", "/etc/us", folder / "live",
                                   std::filesystem::canonical(folder / "archive"), folder / "live", "/etc/tokens"});
  CHECK(rules.sockets == PathList{"/run/us", "/run/metrics"});
  CHECK(rules.ports == std::vector<std::uint16_t>{80, 443});
  CHECK_FALSE(rules.abstract_sockets);
  CHECK(landlock_rules(options, {"@notify", {}}).abstract_sockets);
}

TEST_CASE("sandbox: with webhooks the service may connect and look names up, and without it may not") {
  ServeOptions options;
  options.paths = {"/d/data", "/k/keyring"};
  const LandlockRules without = landlock_rules(options, {});
  CHECK_FALSE(without.connects);
  options.webhook_allow = {"10.0.0.0/8"};
  CHECK_FALSE(landlock_rules(options, {}).connects);
  for (const bool of_the_operator : {true, false}) {
    CAPTURE(of_the_operator);
    options.webhook_url = of_the_operator ? "https://hooks.example/" : "";
    options.webhooks = of_the_operator ? "nobody" : "tokens";
    const LandlockRules rules = landlock_rules(options, {});
    CHECK(rules.connects);
    for (const char* path : {"/etc/hosts", "/etc/resolv.conf", "/etc/ssl"}) {
      CAPTURE(path);
      CHECK(std::count(rules.readable.begin(), rules.readable.end(), path) == 1);
      CHECK(std::count(without.readable.begin(), without.readable.end(), path) == 0);
    }
    CHECK(std::count(rules.readable.begin(), rules.readable.end(), "/etc") == 0);
  }
}

TEST_CASE("sandbox: of what a URL names, certificates come with their folder and a password file alone" *
          doctest::skip(!redis_built_in() || !postgres_built_in())) {
  ServeOptions options;
  options.paths = {"/d/data", "/k/keyring"};
  options.backends.store = "rediss://host?user=a&password_file=/srv/us/redis&cacert=/etc/redis/ca.crt";
  options.backends.audit = "postgresql://a@host/d?passfile=/srv/us/postgres&sslrootcert=/etc/postgres/ca.crt";
  const std::vector<std::filesystem::path> readable = landlock_rules(options, {}).readable;
  const auto has = [&readable](const char* path) {
    return std::find(readable.begin(), readable.end(), path) != readable.end();
  };
  for (const char* path : {"/srv/us/redis", "/srv/us/postgres", "/etc/redis", "/etc/postgres"}) {
    CAPTURE(path);
    CHECK(has(path));
  }
  CHECK_FALSE(has("/srv/us"));
}

TEST_CASE("sandbox: files beyond the rules are refused" * doctest::skip(landlock_version() < 3)) {
  const TemporaryFolder folder;
  for (const char* name : {"data", "read", "sockets", "other"}) {
    std::filesystem::create_directory(folder / name);
    std::ofstream(folder.path() / name / "file") << "x";
  }
  LandlockRules rules;
  rules.writable = {folder / "data"};
  rules.readable = {folder / "read", folder / "missing", "/dev/zero"};
  rules.sockets = {folder / "sockets"};
  rules.ports = {0};
  const std::string program = "/bin/true";
  const std::vector<Row> rows = {
      {"create", 0, [&] { return open_error(folder / "data/new", O_WRONLY | O_CREAT | O_EXCL); }},
      {"truncate", 0, [&] { return open_error(folder / "data/file", O_WRONLY | O_TRUNC); }},
      {"list", 0, [&] { return open_error(folder / "data", O_RDONLY | O_DIRECTORY); }},
      {"remove", 0, [&] { return error_of(::unlink((folder / "data/new").c_str())); }},
      {"make a folder", 0, [&] { return error_of(::mkdir((folder / "data/sub").c_str(), 0700)); }},
      {"rename into it", 0,
       [&] { return error_of(::rename((folder / "data/file").c_str(), (folder / "data/sub/file").c_str())); }},
      {"read", 0, [&] { return open_error(folder / "read/file", O_RDONLY); }},
      {"read a device", 0, [&] { return open_error("/dev/zero", O_RDONLY); }},
      {"remove a socket", 0, [&] { return error_of(::unlink((folder / "sockets/file").c_str())); }},
      {"write where one may read", EACCES, [&] { return open_error(folder / "read/file", O_WRONLY); }},
      {"make a file where sockets are", EACCES, [&] { return open_error(folder / "sockets/new", O_WRONLY | O_CREAT); }},
      {"read elsewhere", EACCES, [&] { return open_error(folder / "other/file", O_RDONLY); }},
      {"read the system", EACCES, [] { return open_error("/etc/passwd", O_RDONLY); }},
      {"list the system", EACCES, [] { return open_error("/", O_RDONLY | O_DIRECTORY); }},
      {"make a file elsewhere", EACCES, [&] { return open_error(folder / "other/new", O_WRONLY | O_CREAT); }},
      {"remove elsewhere", EACCES, [&] { return error_of(::unlink((folder / "other/file").c_str())); }},
      {"shorten elsewhere", EACCES, [&] { return error_of(::truncate((folder / "other/file").c_str(), 0)); }},
      {"make a link", EACCES, [&] { return error_of(::symlink("/", (folder / "data/link").c_str())); }},
      {"execute", EACCES, [&] { return error_of(::execl(program.c_str(), program.c_str(), nullptr)); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(in_child([&] {
            give_up_privileges();
            return apply_landlock(rules) ? row.attempt() : 255;
          }) == row.expected);
  }
  rules.writable = {folder / "missing"};
  CHECK(in_child([&] {
          give_up_privileges();
          return apply_landlock(rules) ? 0 : 1;
        }) == 1);
}

TEST_CASE("sandbox: only the listeners' ports are bound, and nobody is called" *
          doctest::skip(landlock_version() < 4)) {
  constexpr std::uint16_t kPort = 40'001;
  LandlockRules rules;
  rules.ports = {0};
  const std::vector<Row> rows = {
      {"bind any", 0, [] { return tcp_error(::bind, 0); }},
      {"bind another", EACCES, [] { return tcp_error(::bind, kPort); }},
      {"connect", EACCES, [] { return tcp_error(::connect, kPort); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(in_child([&] {
            give_up_privileges();
            return apply_landlock(rules) ? row.attempt() : 255;
          }) == row.expected);
  }
}

TEST_CASE("sandbox: system calls beyond the list are refused, the hostile ones end the process" *
          doctest::skip(!system_call_filter_supported())) {
  constexpr int kKilled = 256 + SIGSYS;
  const TemporaryFolder folder;
  const std::vector<Row> rows = {
      {"a file", 0, [&] { return open_error(folder / "new", O_WRONLY | O_CREAT); }},
      {"a Unix socket", 0, [] { return error_of(::socket(AF_UNIX, SOCK_DGRAM, 0)); }},
      {"memory", 0, [] { return map(PROT_READ | PROT_WRITE) == MAP_FAILED ? errno : 0; }},
      {"a thread", 0,
       [] {
         int done = 1;
         std::thread([&done] { done = 0; }).join();
         return done;
       }},
      {"abort", 256 + SIGABRT,
       [] {
         ::abort();
         return 0;
       }},
      {"an Internet socket", ENOSYS, [] { return error_of(::socket(AF_INET, SOCK_STREAM, 0)); }},
      {"a netlink socket", ENOSYS, [] { return error_of(::socket(AF_NETLINK, SOCK_RAW, 0)); }},
      {"a packet socket", ENOSYS, [] { return error_of(::socket(AF_PACKET, SOCK_RAW, 0)); }},
      {"executable memory", ENOSYS, [] { return map(PROT_READ | PROT_WRITE | PROT_EXEC) == MAP_FAILED ? errno : 0; }},
      {"memory made executable", ENOSYS,
       [] { return error_of(::mprotect(map(PROT_READ), 4096, PROT_READ | PROT_EXEC)); }},
      {"another process by clone", ENOSYS, [] { return error_of(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }},
      {"another process by clone3", ENOSYS, [] { return error_of(::syscall(SYS_clone3, nullptr, 0)); }},
      {"a signal to another process", ENOSYS, [] { return error_of(::kill(::getppid(), 0)); }},
      {"becoming dumpable", ENOSYS, [] { return error_of(::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)); }},
      {"io_uring", ENOSYS, [] { return error_of(::syscall(SYS_io_uring_setup, 1, nullptr)); }},
      {"execve", kKilled, [] { return error_of(::execl("/bin/true", "true", nullptr)); }},
      {"ptrace", kKilled, [] { return error_of(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }},
      {"mount", kKilled, [] { return error_of(::syscall(SYS_mount, "", "", "", 0, nullptr)); }},
      {"unshare", kKilled, [] { return error_of(::syscall(SYS_unshare, 0)); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(in_child([&] {
            give_up_privileges();
            return apply_system_call_filter(Connects::kToNobody) ? row.attempt() : 255;
          }) == row.expected);
  }
}

TEST_CASE("sandbox: with a store or audit log elsewhere servers can be called, and nothing else is new" *
          doctest::skip(!system_call_filter_supported())) {
  struct Row {
    const char* what;
    int expected;
    std::function<int()> attempt;
  };
  constexpr int kKilled = 256 + SIGSYS;
  const std::vector<Row> rows = {
      {"an Internet socket", 0, [] { return error_of(::socket(AF_INET, SOCK_STREAM, 0)); }},
      {"a netlink socket", 0, [] { return error_of(::socket(AF_NETLINK, SOCK_RAW, 0)); }},
      {"a packet socket", ENOSYS, [] { return error_of(::socket(AF_PACKET, SOCK_RAW, 0)); }},
      {"listening", ENOSYS, [] { return error_of(::listen(::socket(AF_INET, SOCK_STREAM, 0), 1)); }},
      {"execve", kKilled, [] { return error_of(::execl("/bin/true", "true", nullptr)); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(in_child([&] {
            give_up_privileges();
            return apply_system_call_filter(Connects::kToServers) ? row.attempt() : 255;
          }) == row.expected);
  }
}

TEST_CASE("sandbox: threads that run already are confined too" * doctest::skip(!system_call_filter_supported())) {
  CHECK(in_child([] {
          give_up_privileges();
          std::latch confined(1);
          int error = 0;
          std::thread earlier([&] {
            confined.wait();
            error = error_of(::socket(AF_NETLINK, SOCK_RAW, 0));
          });
          const bool applied = apply_system_call_filter(Connects::kToNobody).has_value();
          confined.count_down();
          earlier.join();
          return applied ? error : 255;
        }) == ENOSYS);
}

}  // namespace disposable
