// Goal: a call says whether the server may have got it, and goes to no address that its caller refuses.

#include <doctest/doctest.h>

#include "client/host_names.h"
#include "client/http_call.h"

namespace disposable {

namespace {

// Of a port on which nobody listens: 1 is tcpmux, which no machine of ours has.
const ServerUrl kNobody{false, "localhost", 1};

}  // namespace

TEST_CASE("call: nobody there means that nothing was sent") {
  const auto answer = call_http(kNobody, {"GET", "/", {}, {}, {}}, {});
  REQUIRE_FALSE(answer);
  CHECK_FALSE(answer.error().sent);
}

TEST_CASE("call: each address is asked for, and none that is refused is connected to") {
  HttpSettings settings;
  std::vector<std::string> asked;
  settings.may_connect = [&asked](const std::string& address) {
    asked.push_back(address);
    return false;
  };
  const auto answer = call_http(kNobody, {"GET", "/", {}, {}, {}}, settings);
  REQUIRE_FALSE(answer);
  CHECK_FALSE(answer.error().sent);
  CHECK(answer.error().reason == "it has no address that may be connected to");
  CHECK(asked == std::vector<std::string>{"127.0.0.1", "::1"});
}

TEST_CASE("names: an address is its own, and localhost is this machine whoever says what") {
  using std::chrono::milliseconds;
  CHECK(addresses_of("192.0.2.1", milliseconds(1)).value() == std::vector<std::string>{"192.0.2.1"});
  CHECK(addresses_of("2001:db8::1", milliseconds(1)).value() == std::vector<std::string>{"2001:db8::1"});
  CHECK(addresses_of("a.localhost", milliseconds(1)).value() == std::vector<std::string>{"127.0.0.1", "::1"});
}

TEST_CASE("response: a field is found in whichever case") {
  const HttpResponse response{200, {{"Retry-After", "5"}, {"X", ""}}, {}};
  CHECK(response.field("retry-after") == "5");
  CHECK(response.field("Retry") == "");
}

}  // namespace disposable
