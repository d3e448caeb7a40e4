// Goal: a server that sends a byte now and then, wherever in the exchange, is given up in time, and at once when asked.
// Method: a server that drips for as long as it is read from.

#include "client/call_watch.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "client/http_call.h"
#include "support/dripping_server.h"

namespace disposable {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// OpenSSL writes to what was shut down.
class NoBrokenPipes {
 public:
  NoBrokenPipes() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
  NoBrokenPipes(const NoBrokenPipes&) = delete;
  NoBrokenPipes& operator=(const NoBrokenPipes&) = delete;
  ~NoBrokenPipes() { std::signal(SIGPIPE, before_); }

 private:
  void (*before_)(int);
};

// How long it took; the call must fail.
steady_clock::duration call(CallWatch& watch, bool tls, std::uint16_t port, milliseconds most,
                            const std::stop_token& stop = {}) {
  const NoBrokenPipes no_broken_pipes;
  CallWatch::Call watched(watch, most, stop);
  HttpSettings settings;
  settings.stop = stop;
  settings.opened = [&watched](int socket) { watched.opened(socket); };
  const steady_clock::time_point begin = steady_clock::now();
  CHECK_FALSE(call_http({tls, "127.0.0.1", port}, {"POST", "/", "text/plain", as_bytes("x"), {}}, settings));
  CHECK(watched.over());
  return steady_clock::now() - begin;
}

TEST_CASE("call watch: whoever drips, in whatever part of an answer, is listened to for no longer than was said") {
  const struct {
    const char* what;
    bool tls;
    std::string head, drop;
  } rows[] = {
      {"a handshake", true, std::string("\x16\x03\x03\x3F\xFF", 5), "x"},
      {"answers before the answer", false, "", "HTTP/1.1 100 Continue\r\n\r\n"},
      {"a head", false, "HTTP/1.1 200 OK\r\nX: ", "x"},
      {"a body", false, "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", "x"},
      {"nothing", false, "", ""},
  };
  CallWatch watch;
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const DrippingServer server(row.head, row.drop);
    const auto taken = call(watch, row.tls, server.port(), milliseconds(150));
    CHECK(taken >= milliseconds(150));
    CHECK(taken < seconds(5));
  }
}

TEST_CASE("call watch: a call ends when that is asked for") {
  CallWatch watch;
  const DrippingServer server("", "HTTP/1.1 100 Continue\r\n\r\n");
  std::stop_source source;
  const std::jthread asks([&source] {
    pollfd none{-1, 0, 0};
    ::poll(&none, 1, 100);
    source.request_stop();
  });
  CHECK(call(watch, false, server.port(), seconds(60), source.get_token()) < seconds(5));
}

TEST_CASE("call watch: of a call that is over already no address is tried") {
  CallWatch watch;
  std::stop_source source;
  source.request_stop();
  CHECK(call(watch, false, 1, seconds(60), source.get_token()) < seconds(5));
}

TEST_CASE("call watch: without a descriptor to spare a call is over at once") {
  CallWatch watch;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const FileDescriptor next(::dup(STDERR_FILENO));
  rlimit none_left = before;
  none_left.rlim_cur = static_cast<rlim_t>(next.get()) + 1;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none_left) == 0);
  {
    const CallWatch::Call call(watch, seconds(60), {});
    CHECK(call.over());
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_FALSE(CallWatch::Call(watch, seconds(60), {}).over());
}

TEST_CASE("call: of an answer whose head is enough no body is waited for") {
  const DrippingServer server("HTTP/1.1 202 Accepted\r\nRetry-After: 7\r\nContent-Length: 10000000\r\n\r\n", "x");
  HttpRequest request{"POST", "/", "text/plain", as_bytes("x"), {}};
  request.head_only = true;
  const auto answer = call_http({false, "127.0.0.1", server.port()}, request, {});
  REQUIRE(answer);
  CHECK(answer->status == 202);
  CHECK(answer->field("Retry-After") == "7");
}

}  // namespace
}  // namespace disposable
