// Goal: whatever accept() answers, connections that come later are taken. The errors that a test cannot cause are in
// tests/front/listener_test.py.

#include "http/acceptor.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <set>
#include <string>

namespace disposable {

using namespace std::chrono_literals;

namespace {

class FakeAcceptHost final : public AcceptHost {
 public:
  void accepted(FileDescriptor socket, const ListeningSocket& listener, const Peer& peer) override {
    taken.push_back(std::move(socket));
    ports.push_back(listener.port);
    peers.push_back(peer.ip ? peer.ip->format() : "unix");
  }
  bool make_room() override {
    ++asked_for_room;
    if (spare.empty()) {
      return false;
    }
    spare.pop_back();
    return true;
  }

  std::vector<FileDescriptor> taken;
  std::vector<FileDescriptor> spare;
  std::vector<int> ports;
  std::vector<std::string> peers;
  int asked_for_room = 0;
};

// As if the process had as many descriptors as it may have.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const FileDescriptor lowest(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    const rlimit none{static_cast<rlim_t>(lowest.get()), before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

ListeningSocket listen_on(const char* address) {
  Result<ListeningSocket> listener = open_listener(*parse_endpoint(address), {});
  REQUIRE(listener.has_value());
  return std::move(*listener);
}

struct Fixture {
  Fixture() {
    listeners.push_back(listen_on("127.0.0.1:0"));
    listeners.push_back(listen_on("127.0.0.2:0"));
    listeners[1].passed = true;
    REQUIRE(acceptor.listen(listeners).has_value());
  }

  // Whether the connection comes into being; its other end is accepted later.
  bool connect(std::size_t listener = 0) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    ::getsockname(listeners[listener].socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const bool connected = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0;
    clients.push_back(std::move(socket));
    return connected;
  }
  void poll() {
    poller->wait(0);
    poller->dispatch();
  }

  std::vector<std::string> lines;
  const LogSink log = [this](std::string_view line) { lines.emplace_back(line); };
  std::unique_ptr<Poller> poller = std::move(*Poller::open());
  FakeAcceptHost host;
  std::vector<ListeningSocket> listeners;
  Acceptor acceptor{*poller, host, log};
  std::vector<FileDescriptor> clients;
};

}  // namespace

TEST_CASE("acceptor: takes what waits at every listener, and says where it came in and from whom") {
  Fixture fixture;
  REQUIRE(fixture.connect(0));
  REQUIRE(fixture.connect(1));
  fixture.poll();
  REQUIRE(fixture.host.taken.size() == 2);
  CHECK(std::set<int>(fixture.host.ports.begin(), fixture.host.ports.end()) ==
        std::set<int>{fixture.listeners[0].port, fixture.listeners[1].port});
  for (const FileDescriptor& socket : fixture.host.taken) {
    CHECK((::fcntl(socket.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(fixture.host.peers[0].starts_with("127.0.0."));
}

TEST_CASE("acceptor: of a flood it takes a part at a time and loses none") {
  Fixture fixture;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(fixture.connect());
  }
  fixture.poll();
  CHECK(fixture.host.taken.size() == 64);
  fixture.poll();
  CHECK(fixture.host.taken.size() == 100);
}

TEST_CASE("acceptor: without descriptors a spare connection makes room") {
  Fixture fixture;
  fixture.host.taken.reserve(1);
  fixture.host.spare.emplace_back(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  REQUIRE(fixture.connect());
  {
    const NoDescriptors none;
    fixture.poll();
  }
  CHECK(fixture.host.taken.size() == 1);
  CHECK(fixture.host.spare.empty());
}

TEST_CASE("acceptor: when nothing helps it pauses, says so once, and takes the connection afterwards") {
  Fixture fixture;
  REQUIRE(fixture.connect());
  {
    const NoDescriptors none;
    fixture.poll();
    CHECK(fixture.acceptor.paused());
    fixture.poll();
    CHECK(fixture.host.asked_for_room == 1);
    fixture.acceptor.resume(std::chrono::steady_clock::now() + 1min);
    fixture.poll();
    CHECK(fixture.acceptor.paused());
    CHECK(fixture.host.asked_for_room == 2);
  }
  CHECK(fixture.lines == std::vector<std::string>{"cannot accept connections: Too many open files"});
  CHECK(fixture.host.taken.empty());
  fixture.acceptor.resume(std::chrono::steady_clock::now() - 1min);
  CHECK(fixture.acceptor.paused());
  fixture.acceptor.resume(std::chrono::steady_clock::now() + 1min);
  CHECK(!fixture.acceptor.paused());
  fixture.poll();
  CHECK(fixture.host.taken.size() == 1);
}

TEST_CASE("acceptor: stopping takes what waits, also in a pause, and nothing after it") {
  for (const bool pausing : {false, true}) {
    CAPTURE(pausing);
    Fixture fixture;
    REQUIRE(fixture.connect());
    if (pausing) {
      const NoDescriptors none;
      fixture.poll();
      REQUIRE(fixture.acceptor.paused());
    }
    fixture.acceptor.stop();
    CHECK(fixture.host.taken.size() == 1);
    CHECK(!fixture.acceptor.paused());
    REQUIRE(fixture.connect());
    fixture.acceptor.resume(std::chrono::steady_clock::now() + 1min);
    fixture.poll();
    CHECK(fixture.host.taken.size() == 1);
    // A successor goes on with a socket that was passed; nobody will with one of our own.
    fixture.acceptor.refuse();
    CHECK(!fixture.connect(0));
    CHECK(fixture.connect(1));
  }
}

}  // namespace disposable
