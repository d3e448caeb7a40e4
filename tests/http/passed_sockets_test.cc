// Goal: sockets passed by a service manager are taken only when they are meant for this process and can be listened on,
// and serve what was asked for.

#include "http/passed_sockets.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "support/temporary_folder.h"

namespace disposable {

namespace {

constexpr pid_t kSelf = 4711;
constexpr int kFirst = 700;  // instead of 3, which the test binary uses for itself

Endpoint endpoint(const std::string& text, bool metrics = false) {
  Result<Endpoint> parsed = parse_endpoint(text);
  REQUIRE(parsed);
  parsed->metrics = metrics;
  return *parsed;
}

ListeningSocket listen_somewhere() {
  Result<ListeningSocket> listener = open_listener(endpoint("127.0.0.1:0"), {});
  REQUIRE(listener);
  return std::move(*listener);
}

// Descriptors in a row from kFirst, blocking and inherited, as a service manager leaves them.
void pass(const std::vector<int>& sockets) {
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    const int target = kFirst + static_cast<int>(i);
    REQUIRE(::dup2(sockets[i], target) == target);
    REQUIRE(::fcntl(target, F_SETFL, ::fcntl(target, F_GETFL) & ~O_NONBLOCK) == 0);
  }
}

PassedEnvironment environment(std::string count, std::string names, std::string pid = std::to_string(kSelf)) {
  return {std::move(pid), std::move(count), std::move(names), kFirst};
}

struct Passed {
  std::vector<PassedSocket> sockets;
  std::vector<std::string> places;
};

// One TCP socket for each name.
Passed passed_as(const std::vector<std::string>& names) {
  Passed passed;
  for (const std::string& name : names) {
    ListeningSocket listener = listen_somewhere();
    passed.places.push_back(listener.description.substr(7));
    passed.sockets.push_back({std::move(listener.socket), name});
  }
  return passed;
}

std::vector<std::string> descriptions(const Result<std::vector<ListeningSocket>>& listeners) {
  std::vector<std::string> all;
  REQUIRE_MESSAGE(listeners.has_value(), (listeners ? "" : listeners.error().detail));
  for (const ListeningSocket& listener : *listeners) {
    all.push_back((listener.metrics ? "metrics " : "") + listener.description);
  }
  return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("passed sockets: taken with their names, non-blocking and close-on-exec from then on") {
  const ListeningSocket first = listen_somewhere();
  const ListeningSocket second = listen_somewhere();
  const ListeningSocket third = listen_somewhere();
  pass({first.socket.get(), second.socket.get(), third.socket.get()});
  const auto sockets = passed_sockets(environment("3", "api::metrics"), kSelf);
  REQUIRE(sockets);
  REQUIRE(sockets->size() == 3);
  CHECK((*sockets)[0].name == "api");
  CHECK((*sockets)[1].name == "unknown");
  CHECK((*sockets)[2].name == "metrics");
  for (std::size_t i = 0; i < 3; ++i) {
    const int socket = (*sockets)[i].socket.get();
    CHECK(socket == kFirst + static_cast<int>(i));
    CHECK((::fcntl(socket, F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(socket, F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("passed sockets: none when there are none, or when they are meant for another process") {
  for (const PassedEnvironment& nothing : {PassedEnvironment{}, environment("", ""), environment("1", "", ""),
                                           environment("0", ""), environment("1", "", std::to_string(kSelf + 1))}) {
    const auto sockets = passed_sockets(nothing, kSelf);
    REQUIRE(sockets);
    CHECK(sockets->empty());
  }
}

TEST_CASE("passed sockets: what is no number, no socket or does not listen is refused") {
  for (const PassedEnvironment& wrong :
       {environment("x", ""), environment("1", "", "x"), environment("-1", ""), environment("100000", ""),
        environment("99999999999", ""), environment("1 ", "")}) {
    CHECK(passed_sockets(wrong, kSelf).error().detail == "LISTEN_PID or LISTEN_FDS is no number that can be right");
  }
  const std::string refusal = "what was passed as fd:api is no listening stream socket";
  const auto refused = [&] { return passed_sockets(environment("1", "api"), kSelf).error().detail == refusal; };
  CHECK(refused());  // nothing is open there
  const TemporaryFolder folder;
  const FileDescriptor file(::open(folder.path().c_str(), O_RDONLY | O_CLOEXEC));
  const FileDescriptor datagrams(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const FileDescriptor silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  for (const int descriptor : {file.get(), datagrams.get(), silent.get()}) {
    pass({descriptor});
    CHECK(refused());
    ::close(kFirst);
  }
}

TEST_CASE("passed sockets: what is served where") {
  const Endpoint fallback = endpoint("127.0.0.1:0");
  SUBCASE("nothing passed and nothing asked for: the default") {
    const auto listeners = open_listeners({}, fallback, {}, {});
    REQUIRE(descriptions(listeners).size() == 1);
    CHECK(listeners->front().port != 0);
  }
  SUBCASE("nothing asked for: all that is passed, and no default") {
    Passed passed = passed_as({"a", "b"});
    CHECK(descriptions(open_listeners({}, fallback, std::move(passed.sockets), {})) ==
          Texts{"http://" + passed.places[0], "http://" + passed.places[1]});
  }
  SUBCASE("by name, also several of one name") {
    Passed passed = passed_as({"a", "b", "a"});
    CHECK(descriptions(open_listeners({endpoint("fd:b"), endpoint("fd:a")}, fallback, std::move(passed.sockets), {})) ==
          Texts{"http://" + passed.places[1], "http://" + passed.places[0], "http://" + passed.places[2]});
  }
  SUBCASE("by address: the passed one serves") {
    Passed passed = passed_as({"a"});
    CHECK(descriptions(open_listeners({endpoint(passed.places[0])}, fallback, std::move(passed.sockets), {})) ==
          Texts{"http://" + passed.places[0]});
  }
  SUBCASE("beside one that is opened") {
    Passed passed = passed_as({"a"});
    const auto listeners =
        open_listeners({endpoint("127.0.0.1:0"), endpoint("systemd")}, fallback, std::move(passed.sockets), {});
    REQUIRE(descriptions(listeners).size() == 2);
    CHECK(listeners->back().description == "http://" + passed.places[0]);
  }
  SUBCASE("the rest goes to `systemd`, wherever it is said") {
    Passed passed = passed_as({"a", "m", "b"});
    CHECK(descriptions(
              open_listeners({endpoint("systemd"), endpoint("fd:m", true)}, fallback, std::move(passed.sockets), {})) ==
          Texts{"metrics http://" + passed.places[1], "http://" + passed.places[0], "http://" + passed.places[2]});
  }
  SUBCASE("metrics only is asked for: the API gets the rest") {
    Passed passed = passed_as({"a", "m"});
    CHECK(descriptions(open_listeners({endpoint("fd:m", true)}, fallback, std::move(passed.sockets), {})) ==
          Texts{"metrics http://" + passed.places[1], "http://" + passed.places[0]});
  }
  SUBCASE("metrics only is asked for and passed: the API is at its default") {
    Passed passed = passed_as({"m"});
    CHECK(descriptions(open_listeners({endpoint("fd:m", true)}, fallback, std::move(passed.sockets), {})).size() == 2);
  }
  SUBCASE("TLS as for sockets that are opened") {
    Passed passed = passed_as({"a", "b"});
    CHECK(descriptions(open_listeners({endpoint("http://fd:b"), endpoint("systemd")}, fallback,
                                      std::move(passed.sockets), {.has_certificate = true})) ==
          Texts{"http://" + passed.places[1], "https://" + passed.places[0]});
  }
}

TEST_CASE("passed sockets: a name that was not passed, and a socket that nobody asks for, are refused") {
  const Endpoint fallback = endpoint("127.0.0.1:0");
  Passed passed = passed_as({"a"});
  CHECK(open_listeners({endpoint("fd:b")}, fallback, std::move(passed.sockets), {}).error().detail ==
        "cannot listen on fd:b: no such socket was passed to this process");
  CHECK(open_listeners({endpoint("systemd")}, fallback, {}, {}).error().code == Errc::kNotFound);
  passed = passed_as({"a"});
  const auto left = open_listeners({endpoint("127.0.0.1:0")}, fallback, std::move(passed.sockets), {});
  REQUIRE(!left);
  CHECK(left.error().detail ==
        "the passed socket fd:a (" + passed.places[0] + ") is not among the addresses to listen on");
}

}  // namespace disposable
