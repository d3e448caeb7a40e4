#include "client/host_names.h"

#include <ares.h>
#include <arpa/inet.h>
#include <poll.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "client/server_url.h"

namespace disposable {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kTries = 2;
constexpr int kTimeoutOfTry = 2000;  // milliseconds
constexpr milliseconds kStopNoticed{200};

struct Answer {
  std::optional<int> status;
  std::vector<std::string> addresses;
};

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

std::string numeric(const ares_addrinfo_node& node) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* address = node.ai_family == AF_INET6
                            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(node.ai_addr)->sin6_addr)
                            : static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(node.ai_addr)->sin_addr);
  const char* shown = ::inet_ntop(node.ai_family, address, text.data(), text.size());
  return shown == nullptr ? std::string{} : std::string(shown);
}

void take_answer(void* to, int status, int /*timeouts*/, ares_addrinfo* info) {
  Answer& answer = *static_cast<Answer*>(to);
  answer.status = status;
  const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owned(info, ares_freeaddrinfo);
  for (const ares_addrinfo_node* node = info == nullptr ? nullptr : info->nodes; node != nullptr;
       node = node->ai_next) {
    const std::string address = numeric(*node);
    const bool seen = std::find(answer.addresses.begin(), answer.addresses.end(), address) != answer.addresses.end();
    if (!address.empty() && !seen) {
      answer.addresses.push_back(address);
    }
  }
}

// Waits for what the channel waits for, once.
void process(ares_channel channel, milliseconds most) {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
  const auto bits = static_cast<unsigned>(ares_getsock(channel, sockets.data(), ARES_GETSOCK_MAXNUM));
  std::array<pollfd, ARES_GETSOCK_MAXNUM> polled{};
  nfds_t count = 0;
  for (unsigned i = 0; i < sockets.size(); ++i) {
    const bool readable = (bits & (1U << i)) != 0;
    const bool writable = (bits & (1U << (i + ARES_GETSOCK_MAXNUM))) != 0;
    if (readable || writable) {
      const int events = (readable ? POLLIN : 0) | (writable ? POLLOUT : 0);
      polled[count++] = pollfd{sockets[i], static_cast<short>(events), 0};
    }
  }
  constexpr int kMicroseconds = 1'000'000;
  timeval longest{most.count() / 1000, static_cast<suseconds_t>(most.count() * 1000 % kMicroseconds)};
  timeval next{};
  const timeval* wait = ares_timeout(channel, &longest, &next);
  const int ready = ::poll(polled.data(), count, static_cast<int>(wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1));
  if (ready <= 0) {
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  }
  for (nfds_t i = 0; ready > 0 && i < count; ++i) {
    const auto events = static_cast<unsigned>(polled[i].revents);
    constexpr unsigned kRead = POLLIN | POLLERR | POLLHUP;
    ares_process_fd(channel, (events & kRead) != 0 ? polled[i].fd : ARES_SOCKET_BAD,
                    (events & POLLOUT) != 0 ? polled[i].fd : ARES_SOCKET_BAD);
  }
}

struct EndChannel {
  void operator()(ares_channel channel) const { ares_destroy(channel); }
};

}  // namespace

Result<std::vector<std::string>> addresses_of(const std::string& host, milliseconds timeout,
                                              const std::stop_token& stop) {
  if (is_address(host)) {
    return std::vector<std::string>{host};
  }
  if (is_loopback_host(host)) {
    return std::vector<std::string>{"127.0.0.1", "::1"};
  }
  ares_options options{};
  options.timeout = kTimeoutOfTry;
  options.tries = kTries;
  ares_channel opened = nullptr;
  if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS ||
      ares_init_options(&opened, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) != ARES_SUCCESS) {
    return fail(Errc::kUnavailable, "names of hosts cannot be looked up");
  }
  Answer answer;
  {
    const std::unique_ptr<ares_channeldata, EndChannel> channel(opened);
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    ares_getaddrinfo(channel.get(), host.c_str(), nullptr, &hints, take_answer, &answer);
    const steady_clock::time_point end = steady_clock::now() + timeout;
    while (!answer.status && steady_clock::now() < end && !stop.stop_requested()) {
      const milliseconds left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
      process(channel.get(), stop.stop_possible() ? std::min(left, kStopNoticed) : left);
    }
  }  // ends what is still under way, and says so to take_answer()
  if (!answer.addresses.empty()) {
    return std::move(answer.addresses);
  }
  const int status = answer.status.value_or(ARES_ETIMEOUT);
  const bool none = status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_SUCCESS ||
                    status == ARES_EBADNAME || status == ARES_ENONAME;
  return none ? fail(Errc::kNotFound, "no host has that name")
              : fail(Errc::kUnavailable, "no name server has answered");
}

std::string_view c_ares_version() { return ares_version(nullptr); }

}  // namespace disposable
