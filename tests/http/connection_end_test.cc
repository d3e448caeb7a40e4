// Goal: a connection ends when it should and not before, and whoever is at its other end learns what he can.

#include "http/connection_fixture.h"
#include "http/raw_client.h"

namespace disposable {

using namespace std::chrono_literals;
using enum ConnectionState;

namespace {

using Fixture = ConnectionFixture;

const std::string kGet = request("GET", "/a");
const std::string kHalfBody = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 32768\r\n\r\n{";

bool closes(std::string_view response) { return response.find("\r\nConnection: close\r\n") != std::string_view::npos; }

}  // namespace

TEST_CASE("connection: draining lets what is under way finish and says that it was the last") {
  const auto soon = [](const Fixture& fixture) { return fixture.host.time + 500ms; };
  SUBCASE("an idle one has until the deadline to send a request") {
    Fixture fixture;
    fixture.connection.drain(soon(fixture));
    CHECK(fixture.time_left() == 500ms);
    fixture.arrive(kGet);
    CHECK(closes(fixture.written()));
    CHECK(fixture.state() == kLingering);
  }
  SUBCASE("one in its handshake too") {
    Fixture fixture(/*shaking_hands=*/true);
    CHECK(fixture.host.handshakes == 1);
    fixture.connection.drain(soon(fixture));
    fixture.wire.shaking_hands = false;
    fixture.event();
    CHECK(fixture.state() == kIdle);
    CHECK(fixture.time_left() == 500ms);
  }
  SUBCASE("half a request is awaited as long as ever") {
    Fixture fixture;
    fixture.arrive("GET /a HTTP/1.1\r\nHo");
    fixture.connection.drain(soon(fixture));
    CHECK(fixture.time_left() == 5s);
    fixture.arrive("st: x\r\n\r\n");
    CHECK(closes(fixture.written()));
  }
  SUBCASE("a request being worked on is answered") {
    Fixture fixture;
    fixture.host.answers_at_once = false;
    fixture.arrive(kGet);
    fixture.connection.drain(soon(fixture));
    fixture.answer();
    CHECK(closes(fixture.written()));
  }
  SUBCASE("an answer that was promised to be followed by others is not followed by a long wait") {
    Fixture fixture;
    fixture.take(10);
    fixture.arrive(kGet);
    REQUIRE(fixture.state() == kWriting);
    fixture.connection.drain(soon(fixture));
    fixture.take(SIZE_MAX);
    CHECK(!closes(fixture.written()));
    CHECK(fixture.state() == kIdle);
    CHECK(fixture.time_left() == 500ms);
    fixture.arrive(kGet);
    CHECK(closes(fixture.written()));
  }
}

TEST_CASE("connection: who asks for an end gets it at once, whoever may still be sending gets time to read") {
  const struct {
    std::string bytes;
    ConnectionState state;
  } rows[] = {
      {request("GET", "/a", "", "Connection: close\r\n"), kClosed},
      {"GET /a HTTP/1.0\r\n\r\n", kClosed},
      {request("GET", "/a", "", "Connection: close\r\n") + "more", kLingering},
      {request("POST", "/refused", "body"), kLingering},
      {"GET /a HTTP/3.0\r\n\r\n", kLingering},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bytes);
    Fixture fixture;
    fixture.arrive(row.bytes);
    CHECK(fixture.state() == row.state);
    CHECK(closes(fixture.written()));
    CHECK(fixture.host.charged == 0);
  }
}

TEST_CASE("connection: lingering drops what comes, within bounds, and ends with the peer") {
  Fixture fixture;
  fixture.arrive("nonsense\n");
  REQUIRE(fixture.state() == kLingering);
  SUBCASE("when the peer ends") {
    fixture.arrive(kGet);
    CHECK(fixture.state() == kLingering);
    fixture.end();
  }
  SUBCASE("when the end comes with the last bytes") {
    fixture.wire.arrived = kGet;
    fixture.end();
  }
  SUBCASE("when it is more than anybody sends by mistake") {
    for (int i = 0; i < 17 && fixture.state() == kLingering; ++i) {
      fixture.arrive(std::string(1U << 20U, 'x'));
      fixture.take_turns();
    }
  }
  CHECK(fixture.state() == kClosed);
  CHECK(fixture.host.dispatched.empty());
}

TEST_CASE("connection: a body that is refused may come all the same, so that its sender gets to the answer") {
  constexpr std::size_t kUpload = 25UL << 20U;
  Fixture fixture;
  fixture.arrive("POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(kUpload) + "\r\n\r\n");
  REQUIRE(fixture.state() == kLingering);
  CHECK(fixture.time_left() == 26s);
  SUBCASE("as much as it has announced") {
    for (std::size_t sent = 0; sent < kUpload; sent += 1UL << 20U) {
      fixture.arrive(std::string(1UL << 20U, 'x'));
      fixture.take_turns();
    }
    CHECK(fixture.state() == kLingering);
    CHECK(fixture.host.charged == 0);
    fixture.end();
    CHECK(fixture.state() == kClosed);
  }
  SUBCASE("but nobody waits for it at the end") {
    fixture.connection.drain(fixture.host.time + 500ms);
    CHECK(fixture.state() == kLingering);
    CHECK(fixture.time_left() == 1s);
  }
}

TEST_CASE("connection: a peer that ends with its request is answered, one that ends before it is not") {
  for (const bool tls : {false, true}) {
    Fixture fixture;
    fixture.wire.says_drained = !tls;
    fixture.wire.arrived = kGet + kGet;
    fixture.end();
    CHECK(fixture.host.statuses == std::vector<int>{200, 200});
    CHECK(fixture.state() == kClosed);

    Fixture cut;
    cut.wire.says_drained = !tls;
    cut.wire.arrived = kHalfBody;
    cut.end();
    CHECK(cut.host.statuses.empty());
    CHECK(cut.host.requests_abandoned == 1);
    CHECK(cut.written().empty());
    CHECK(cut.state() == kClosed);
    CHECK(cut.host.charged == 0);
  }
}

TEST_CASE("connection: a broken one is closed, and its answer counts as given") {
  Fixture fixture;
  fixture.host.answers_at_once = false;
  fixture.arrive(kGet);
  fixture.wire.broken = true;
  fixture.event(/*ended=*/true);
  CHECK(fixture.state() == kWorking);
  fixture.answer();
  CHECK(fixture.state() == kClosed);
  CHECK(fixture.host.statuses == std::vector<int>{200});
}

}  // namespace disposable
