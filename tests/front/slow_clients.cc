// Many clients that hold connections of a server on 127.0.0.1 and give it next to nothing: one thread, one epoll, and
// little CPU, so that server and honest clients can be measured on the same machine.
//
//   slow_clients PORT CONNECTIONS [NAME=VALUE]...
//
//   at-once=FILE     sent when a connection is open (at most 4 KiB)
//   drip=FILE        then sent byte by byte; its last byte again and again
//   interval-ms=N    between two bytes of a connection (default 2000)
//   sources=K        source addresses, from 127.0.0.2 on (default 50)
//   ramp=N           connections opened in a second at most (default 5000)
//   deaf=1           never reads, with the smallest receive buffer there is
//
// A connection that the server closes is opened again, so that the number is held. Prints a line of JSON a second,
// about the time since the start; ends on SIGTERM and SIGINT.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kAtOnceMax = 4096;
constexpr std::uint64_t kSignalSlot = UINT64_MAX;
constexpr std::chrono::milliseconds kTick{10};

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 0;
  std::string at_once;
  std::string drip;
  std::chrono::milliseconds interval{2000};
  unsigned sources = 50;
  double ramp = 5000;
  bool deaf = false;
};

struct Connection {
  enum class State { kClosed, kConnecting, kOpen };
  State state = State::kClosed;
  int socket = -1;
  std::size_t dripped = 0;
  bool answered = false;
};

struct Counters {
  std::size_t open = 0;
  std::size_t connecting = 0;
  std::size_t answered = 0;  // of those open: have received something
  std::uint64_t opened = 0;
  std::uint64_t closed_by_server = 0;
  std::uint64_t refused = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
};

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

class SlowClients {
 public:
  explicit SlowClients(const Options& options)
      : options_(options), epoll_(::epoll_create1(EPOLL_CLOEXEC)), clients_(options.connections) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    const int stop = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (epoll_ < 0 || stop < 0) {
      fail("epoll or signalfd");
    }
    watch(stop, EPOLLIN, kSignalSlot);
  }

  void run() {
    const Clock::time_point began = Clock::now();
    Clock::time_point ticked = began;
    Clock::time_point next_report = began + std::chrono::seconds(1);
    while (handle_events()) {
      const Clock::time_point now = Clock::now();
      if (now - ticked >= kTick) {
        const double seconds = std::chrono::duration<double>(now - ticked).count();
        ticked = now;
        open_some(seconds);
        drip_some(seconds);
      }
      if (now >= next_report) {
        next_report += std::chrono::seconds(1);
        report(std::chrono::duration<double>(now - began).count());
      }
    }
    report(std::chrono::duration<double>(Clock::now() - began).count());
  }

 private:
  void watch(int descriptor, std::uint32_t events, std::uint64_t slot) const {
    epoll_event event{};
    event.events = events;
    event.data.u64 = slot;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) {
      fail("epoll_ctl");
    }
  }

  // False once a signal has come.
  bool handle_events() {
    std::array<epoll_event, 512> events{};
    const int count = ::epoll_wait(epoll_, events.data(), events.size(), static_cast<int>(kTick.count()));
    for (int index = 0; index < count; ++index) {
      const epoll_event& event = events.at(static_cast<std::size_t>(index));
      if (event.data.u64 == kSignalSlot) {
        return false;
      }
      handle(clients_.at(event.data.u64), event.events);
    }
    return true;
  }

  void handle(Connection& client, std::uint32_t events) {
    if (client.state == Connection::State::kConnecting) {
      finish_connecting(client);
    }
    if (client.state == Connection::State::kOpen && (events & EPOLLIN) != 0) {
      read_all(client);
    }
    if (client.state == Connection::State::kOpen && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
      lose(client);
    }
  }

  void finish_connecting(Connection& client) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(client.socket, SOL_SOCKET, SO_ERROR, &error, &size);
    --counters_.connecting;
    if (error != 0) {
      ++counters_.refused;
      ::close(client.socket);
      client = {};
      return;
    }
    client.state = Connection::State::kOpen;
    ++counters_.open;
    ++counters_.opened;
    send(client, options_.at_once.data(), options_.at_once.size());
  }

  void read_all(Connection& client) {
    std::array<char, 16384> buffer{};
    while (true) {
      const ssize_t count = ::recv(client.socket, buffer.data(), buffer.size(), 0);
      if (count > 0) {
        counters_.bytes_received += static_cast<std::uint64_t>(count);
        counters_.answered += client.answered ? 0 : 1;
        client.answered = true;
      } else if (count == 0 || errno != EAGAIN) {
        return lose(client);
      } else {
        return;
      }
    }
  }

  void send(Connection& client, const char* bytes, std::size_t size) {
    const ssize_t count = size == 0 ? 0 : ::send(client.socket, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      counters_.bytes_sent += static_cast<std::uint64_t>(count);
    } else if (errno != EAGAIN) {
      lose(client);
    }
  }

  void lose(Connection& client) {
    ++counters_.closed_by_server;
    --counters_.open;
    counters_.answered -= client.answered ? 1 : 0;
    ::close(client.socket);
    client = {};
  }

  // Goes round the slots, as many as may be opened since the last time; a debt of less than one stays for the next.
  void open_some(double seconds) {
    may_open_ = std::min(may_open_ + options_.ramp * seconds, options_.ramp / 10);
    std::size_t left = clients_.size();
    while (may_open_ >= 1 && left-- > 0) {
      next_to_open_ = (next_to_open_ + 1) % clients_.size();
      if (clients_[next_to_open_].state == Connection::State::kClosed) {
        may_open_ -= 1;
        open(next_to_open_);
      }
    }
  }

  void open(std::size_t slot) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) {
      fail("socket");
    }
    constexpr int kOn = 1;
    constexpr int kSmallest = 1;  // the kernel makes it 2304
    ::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &kOn, sizeof kOn);
    if (options_.deaf) {
      ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &kSmallest, sizeof kSmallest);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(slot % options_.sources));
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      fail("bind");
    }
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(options_.port);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
      ++counters_.refused;
      ::close(socket);
      return;
    }
    clients_[slot] = {Connection::State::kConnecting, socket, 0, false};
    ++counters_.connecting;
    // One registration for the whole life: EPOLLOUT tells that it is connected, and as an edge never comes in vain.
    watch(socket, EPOLLOUT | EPOLLRDHUP | EPOLLET | (options_.deaf ? 0U : static_cast<std::uint32_t>(EPOLLIN)), slot);
  }

  // A byte for each connection in its turn, spread evenly over the interval.
  void drip_some(double seconds) {
    if (options_.drip.empty()) {
      return;
    }
    const double interval = std::chrono::duration<double>(options_.interval).count();
    const auto total = static_cast<double>(clients_.size());
    for (may_drip_ = std::min(may_drip_ + total * seconds / interval, total); may_drip_ >= 1; may_drip_ -= 1) {
      next_to_drip_ = (next_to_drip_ + 1) % clients_.size();
      Connection& client = clients_[next_to_drip_];
      if (client.state == Connection::State::kOpen) {
        const std::size_t position = std::min(client.dripped++, options_.drip.size() - 1);
        send(client, &options_.drip[position], 1);
      }
    }
  }

  void report(double seconds) const {
    std::printf(
        "{\"seconds\":%.1f,\"open\":%zu,\"connecting\":%zu,\"answered\":%zu,\"opened\":%llu,\"closed_by_server\":%llu,"
        "\"refused\":%llu,\"bytes_sent\":%llu,\"bytes_received\":%llu}\n",
        seconds, counters_.open, counters_.connecting, counters_.answered,
        static_cast<unsigned long long>(counters_.opened), static_cast<unsigned long long>(counters_.closed_by_server),
        static_cast<unsigned long long>(counters_.refused), static_cast<unsigned long long>(counters_.bytes_sent),
        static_cast<unsigned long long>(counters_.bytes_received));
    std::fflush(stdout);
  }

  Options options_;
  int epoll_;
  std::vector<Connection> clients_;
  Counters counters_;
  double may_open_ = 0;
  double may_drip_ = 0;
  std::size_t next_to_open_ = 0;
  std::size_t next_to_drip_ = 0;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    fail(path);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

Options parse(int argc, char** argv) {
  if (argc < 3) {
    throw std::runtime_error("usage: slow_clients PORT CONNECTIONS [NAME=VALUE]...");
  }
  Options options;
  options.port = static_cast<std::uint16_t>(std::stoul(argv[1]));
  options.connections = std::stoul(argv[2]);
  for (int index = 3; index < argc; ++index) {
    const std::string argument = argv[index];
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
    if (name == "at-once") {
      options.at_once = read_file(value);
    } else if (name == "drip") {
      options.drip = read_file(value);
    } else if (name == "interval-ms") {
      options.interval = std::chrono::milliseconds(std::stoul(value));
    } else if (name == "sources") {
      options.sources = static_cast<unsigned>(std::stoul(value));
    } else if (name == "ramp") {
      options.ramp = std::stod(value);
    } else if (name == "deaf") {
      options.deaf = value == "1";
    } else {
      throw std::runtime_error("no option '" + name + "'");
    }
  }
  if (options.connections == 0 || options.sources == 0 || options.sources > 250 || options.interval.count() == 0 ||
      options.at_once.size() > kAtOnceMax) {
    throw std::runtime_error("an option is out of its range");
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    SlowClients(parse(argc, argv)).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "slow_clients: %s\n", error.what());
    return 1;
  }
  return 0;
}
