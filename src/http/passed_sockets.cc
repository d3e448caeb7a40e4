#include "http/passed_sockets.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace disposable {

namespace {

constexpr int kPassedMax = 64;  // far more than anybody listens on; a wrong number must not close what is not ours

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// Takes the text up to the next colon.
std::string next_name(std::string_view& names) {
  const std::size_t size = std::min(names.find(':'), names.size());
  const std::string name(names.substr(0, size));
  names.remove_prefix(std::min(size + 1, names.size()));
  return name.empty() ? "unknown" : name;  // as sd_listen_fds_with_names() says
}

int socket_option(int socket, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool is_listening_stream(int socket) {
  const int domain = socket_option(socket, SO_DOMAIN);
  return (domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX) &&
         socket_option(socket, SO_TYPE) == SOCK_STREAM && socket_option(socket, SO_ACCEPTCONN) == 1;
}

bool set_flags(int socket) {
  const int status = ::fcntl(socket, F_GETFL);
  return ::fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 && status >= 0 && ::fcntl(socket, F_SETFL, status | O_NONBLOCK) == 0;
}

bool takes_all(const Endpoint& endpoint) {
  return endpoint.kind == Endpoint::Kind::kPassed && endpoint.address.empty();
}

bool is_asked(const Endpoint& endpoint, const PassedSocket& passed) {
  return endpoint.kind == Endpoint::Kind::kPassed ? takes_all(endpoint) || endpoint.address == passed.name
                                                  : endpoint.same_place(bound_place(passed.socket.get()));
}

// Those of `passed` that the endpoint asks for, or a new one.
Result<void> listen_at(const Endpoint& endpoint, const ListenOptions& options, std::vector<PassedSocket>& passed,
                       std::vector<ListeningSocket>& listeners) {
  const auto first = std::stable_partition(passed.begin(), passed.end(),
                                           [&](const PassedSocket& socket) { return !is_asked(endpoint, socket); });
  std::vector<Result<ListeningSocket>> opened;
  for (auto socket = first; socket != passed.end(); ++socket) {
    opened.push_back(adopt_listener(std::move(socket->socket), endpoint, options));
    if (opened.back()) {
      opened.back()->passed = true;
    }
  }
  passed.erase(first, passed.end());
  if (opened.empty() && endpoint.kind == Endpoint::Kind::kPassed) {
    return fail(Errc::kNotFound,
                "cannot listen on " + to_text(endpoint) + ": no such socket was passed to this process");
  }
  if (opened.empty()) {
    opened.push_back(open_listener(endpoint, options));
  }
  for (Result<ListeningSocket>& listener : opened) {
    if (!listener) {
      return fail(listener.error());
    }
    listeners.push_back(std::move(*listener));
  }
  return {};
}

}  // namespace

Result<std::vector<PassedSocket>> passed_sockets(const PassedEnvironment& environment, pid_t self) {
  std::vector<PassedSocket> sockets;
  if (environment.listen_pid.empty() || environment.listen_fds.empty()) {
    return sockets;
  }
  const std::optional<int> pid = number(environment.listen_pid);
  const std::optional<int> count = number(environment.listen_fds);
  if (!pid || !count || *count < 0 || *count > kPassedMax) {
    return fail(Errc::kInvalidArgument, "LISTEN_PID or LISTEN_FDS is no number that can be right");
  }
  if (*pid != self) {
    return sockets;
  }
  std::string_view names = environment.listen_fdnames;
  for (int descriptor = environment.first_descriptor; descriptor < environment.first_descriptor + *count;
       ++descriptor) {
    const std::string name = next_name(names);
    if (!is_listening_stream(descriptor) || !set_flags(descriptor)) {
      return fail(Errc::kInvalidArgument, "what was passed as fd:" + name + " is no listening stream socket");
    }
    sockets.push_back({FileDescriptor(descriptor), name});
  }
  return sockets;
}

Result<std::vector<ListeningSocket>> open_listeners(const std::vector<Endpoint>& asked, const Endpoint& fallback,
                                                    std::vector<PassedSocket> passed, const ListenOptions& options) {
  std::vector<Endpoint> endpoints = asked;
  if (std::all_of(asked.begin(), asked.end(), [](const Endpoint& endpoint) { return endpoint.metrics; })) {
    endpoints.push_back(fallback);
    const bool left = std::any_of(passed.begin(), passed.end(), [&](const PassedSocket& socket) {
      return std::none_of(asked.begin(), asked.end(), [&](const Endpoint& one) { return is_asked(one, socket); });
    });
    if (left) {
      endpoints.back() = Endpoint{.kind = Endpoint::Kind::kPassed};
    }
  }
  // What is named goes before what takes the rest.
  std::stable_partition(endpoints.begin(), endpoints.end(), [](const Endpoint& one) { return !takes_all(one); });
  std::vector<ListeningSocket> listeners;
  for (const Endpoint& endpoint : endpoints) {
    const Result<void> listening = listen_at(endpoint, options, passed, listeners);
    if (!listening) {
      return fail(listening.error());
    }
  }
  if (!passed.empty()) {
    return fail(Errc::kInvalidArgument, "the passed socket fd:" + passed.front().name + " (" +
                                            to_text(bound_place(passed.front().socket.get())) +
                                            ") is not among the addresses to listen on");
  }
  return listeners;
}

}  // namespace disposable
