// Goal: a listener is reachable, says truly what it is, takes no place that somebody uses, and leaves nothing behind.

#include "http/listener.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fstream>
#include <vector>

#include "support/temporary_folder.h"

namespace disposable {

namespace {

Result<ListeningSocket> open(const std::string& text, const ListenOptions& options = {}) {
  const Result<Endpoint> endpoint = parse_endpoint(text);
  REQUIRE(endpoint);
  return open_listener(*endpoint, options);
}

int option_of(int socket, int level, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  REQUIRE(::getsockopt(socket, level, option, &value, &size) == 0);
  return value;
}

// A connection to the place a listener is bound to.
FileDescriptor connect_to(const ListeningSocket& listener) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  REQUIRE(::getsockname(listener.socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  FileDescriptor client(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    client.reset();
  }
  return client;
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

// As after a crash: the file is there, and nobody is at its other end.
void leave_stale_socket(const std::filesystem::path& path) {
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
}

}  // namespace

TEST_CASE("listener: TCP of both versions on one port, non-blocking, close-on-exec, never shared") {
  const auto v4 = open("127.0.0.1:0");
  REQUIRE(v4);
  const auto v6 = open("[::1]:" + std::to_string(v4->port));
  const std::string port = std::to_string(v4->port);
  CHECK(v4->description == "http://127.0.0.1:" + port);
  REQUIRE(v6);
  CHECK(v6->description == "http://[::1]:" + port);
  for (const ListeningSocket* listener : {&*v4, &*v6}) {
    const int socket = listener->socket.get();
    CHECK(!listener->is_unix);
    CHECK((::fcntl(socket, F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(socket, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(option_of(socket, SOL_SOCKET, SO_REUSEADDR) == 1);
    CHECK(option_of(socket, SOL_SOCKET, SO_REUSEPORT) == 0);
    const FileDescriptor client = connect_to(*listener);
    REQUIRE(client);
    const FileDescriptor accepted(::accept(socket, nullptr, nullptr));
    REQUIRE(accepted);
    CHECK(option_of(accepted.get(), IPPROTO_TCP, TCP_NODELAY) == 1);
  }
  const auto second = open("127.0.0.1:" + port);
  REQUIRE(!second);
  CHECK(second.error().code == Errc::kAlreadyExists);
  CHECK(second.error().detail == "cannot listen on 127.0.0.1:" + port + ": the port is in use by another process");
}

TEST_CASE("listener: who does not read costs little of the kernel, who reads has as much under way as he needs") {
  const auto listener = open("127.0.0.1:0");
  REQUIRE(listener);
  const FileDescriptor client = connect_to(*listener);
  const FileDescriptor accepted(::accept4(listener->socket.get(), nullptr, nullptr, SOCK_NONBLOCK));
  REQUIRE(accepted);
  // One segment of loopback's fills 64 KiB, and then nothing is sent until a delayed acknowledgement comes.
  CHECK(option_of(accepted.get(), SOL_SOCKET, SO_SNDBUF) > 256 * 1024);
  const std::vector<char> bytes(1024 * 1024);
  ssize_t last = 0;
  while (last >= 0) {
    last = ::send(accepted.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  int unsent = 0;
  REQUIRE(::ioctl(accepted.get(), SIOCOUTQNSD, &unsent) == 0);
  CHECK(unsent > 0);
  CHECK(unsent < 128 * 1024);
}

TEST_CASE("listener: a peer that is gone is not waited for as long as its answer may take") {
  const auto listener = open("127.0.0.1:0");
  REQUIRE(listener);
  const FileDescriptor client = connect_to(*listener);
  const FileDescriptor accepted(::accept(listener->socket.get(), nullptr, nullptr));
  REQUIRE(accepted);
  CHECK(option_of(accepted.get(), IPPROTO_TCP, TCP_USER_TIMEOUT) == 30'000);
}

TEST_CASE("listener: all addresses of both versions together") {
  const auto v6 = open("[::]:0");
  REQUIRE(v6);
  CHECK(open("0.0.0.0:" + std::to_string(v6->port)));
}

TEST_CASE("listener: an address of another machine is refused") {
  const auto listener = open("192.0.2.1:0");
  REQUIRE(!listener);
  CHECK(listener.error().code == Errc::kInvalidArgument);
  CHECK(listener.error().detail == "cannot listen on 192.0.2.1:0: Cannot assign requested address");
}

TEST_CASE("listener: what speaks TLS") {
  const TemporaryFolder folder;
  const std::string path = "unix:" + (folder / "socket").string();
  struct Row {
    std::string endpoint;
    bool has_certificate;
    bool tls;
  };
  for (const Row& row : {Row{"127.0.0.1:0", false, false}, Row{"127.0.0.1:0", true, true},
                         Row{"http://127.0.0.1:0", true, false}, Row{"https://127.0.0.1:0", true, true},
                         Row{path, false, false}, Row{path, true, false}, Row{"https://" + path, true, true}}) {
    CAPTURE(row.endpoint);
    const auto listener = open(row.endpoint, {.has_certificate = row.has_certificate});
    REQUIRE(listener);
    CHECK(listener->tls == row.tls);
    CHECK(listener->description.starts_with(row.tls ? "https://" : "http://"));
  }
  const auto refused = open("https://127.0.0.1:0");
  REQUIRE(!refused);
  CHECK(refused.error().detail == "cannot listen on 127.0.0.1:0: https:// needs a certificate and its private key");
}

TEST_CASE("listener: a Unix socket has its mode, takes connections, and its file goes with it") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "socket";
  for (const mode_t mode : {mode_t{0660}, mode_t{0600}, mode_t{0666}}) {
    auto listener = open("unix:" + path.string(), {.unix_mode = mode});
    REQUIRE(listener);
    CHECK(listener->is_unix);
    CHECK(listener->port == 0);
    CHECK(listener->description == "http://unix:" + path.string());
    CHECK(mode_of(path) == mode);
    CHECK(connect_to(*listener));
    const ListeningSocket moved = std::move(*listener);
    CHECK(connect_to(moved));
  }
  CHECK(!std::filesystem::exists(path));
}

TEST_CASE("listener: a socket file left by a crash is replaced; one in use, or any other file, is not") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "socket";
  const std::string text = "unix:" + path.string();
  const auto refusal = [&] {
    const auto listener = open(text);
    REQUIRE(!listener);
    CHECK(listener.error().code == Errc::kAlreadyExists);
    return listener.error().detail;
  };

  leave_stale_socket(path);
  {
    const auto listener = open(text);
    REQUIRE(listener);
    CHECK(refusal() == "cannot listen on " + text + ": the socket is in use by another process");
    CHECK(connect_to(*listener));
  }
  std::ofstream(path) << "precious";
  CHECK(refusal() == "cannot listen on " + text + ": there is a file that is no socket");
  CHECK(std::filesystem::file_size(path) == 8);
  std::filesystem::remove(path);

  leave_stale_socket(folder / "other");
  std::filesystem::create_symlink(folder / "other", path);
  CHECK(refusal() == "cannot listen on " + text + ": there is a file that is no socket");
  CHECK(std::filesystem::exists(std::filesystem::symlink_status(path)));
}

TEST_CASE("listener: a Unix socket whose backlog is full is in use") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "socket";
  const FileDescriptor full(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(::bind(full.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  REQUIRE(::listen(full.get(), 0) == 0);
  const FileDescriptor waiting(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(waiting.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  CHECK(open("unix:" + path.string()).error().code == Errc::kAlreadyExists);
}

TEST_CASE("listener: the file of another process that took the place over stays") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "socket";
  {
    const auto first = open("unix:" + path.string());
    REQUIRE(first);
    std::filesystem::rename(path, folder / "kept");  // so that the inode is not used again
    leave_stale_socket(path);
  }
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("listener: a folder that is not there is named") {
  const TemporaryFolder folder;
  const std::string text = "unix:" + (folder / "none" / "socket").string();
  const auto listener = open(text);
  REQUIRE(!listener);
  CHECK(listener.error().detail == "cannot listen on " + text + ": No such file or directory");
}

}  // namespace disposable
