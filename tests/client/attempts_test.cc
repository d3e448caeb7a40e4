// Goal: whatever a server does, who asks it has an answer or a failure in bounded time.
// Method: a server that is never silent, and times of milliseconds.

#include "client/attempts.h"

#include <doctest/doctest.h>

#include "support/dripping_server.h"

namespace disposable {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

TEST_CASE("attempts: who answers that the answer will follow, and never gives one, is given up") {
  const DrippingServer dripping("", "HTTP/1.1 100 Continue\r\n\r\n");
  const ServerUrl server{false, "127.0.0.1", dripping.port()};
  Patience patience;
  patience.limit = milliseconds(300);
  patience.attempt_most = milliseconds(100);
  patience.wait = [](milliseconds time) {
    pollfd none{-1, 0, 0};
    ::poll(&none, 1, static_cast<int>(time.count()));
  };
  const HttpSettings settings;
  Attempts attempts(server, settings, patience);
  int further = 0;
  patience.notice = [&further](const std::string&) { ++further; };
  const HttpRequest request{"POST", "/", "text/plain", as_bytes("x"), {}};

  const steady_clock::time_point begin = steady_clock::now();
  const Outcome<HttpResponse> once = attempts.once(request);
  REQUIRE_FALSE(once);
  CHECK(once.error().message.ends_with("it has not answered in time"));
  CHECK(further == 0);

  CHECK_FALSE(attempts.repeated(request, [](const HttpResponse&) { return Verdict::kFinal; }));
  CHECK(further > 0);
  CHECK(attempts.lost_an_answer());
  CHECK(steady_clock::now() - begin < seconds(10));
}

TEST_CASE("attempts: a large transfer has more time") {
  const DrippingServer dripping("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", "x");  // takes 400 ms
  const ServerUrl server{false, "127.0.0.1", dripping.port()};
  Patience patience;
  patience.attempt_most = milliseconds(10);
  const HttpSettings settings;
  HttpRequest request{"POST", "/", "text/plain", as_bytes("x"), {}};
  CHECK_FALSE(Attempts(server, settings, patience).once(request));
  request.answer_bytes = 100'000;
  CHECK(Attempts(server, settings, patience).once(request));
}

}  // namespace
}  // namespace disposable
