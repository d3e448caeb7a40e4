// Goal: what a peer does decides what is written to it and what state its connection is in, at the right time. Method:
// a connection without sockets, clock or threads.

#include "http/connection.h"

#include <functional>

#include "http/connection_fixture.h"
#include "http/raw_client.h"

namespace disposable {

using namespace std::chrono_literals;
using enum ConnectionState;

namespace {

using Fixture = ConnectionFixture;

const std::string kGet = request("GET", "/a");
const std::string kHalfBody = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 32768\r\n\r\n{";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

bool closes(std::string_view response) { return response.find("\r\nConnection: close\r\n") != std::string_view::npos; }

}  // namespace

TEST_CASE("connection: whatever it waits for has its deadline, and what follows when that passes") {
  const struct {
    const char* name;
    std::function<void(Fixture&)> begin;
    ConnectionState state;
    std::chrono::milliseconds deadline;
    int status;  // 0: nothing is written
    ConnectionState after;
  } rows[] = {
      {"TLS handshake", [](Fixture&) {}, kHandshake, 5s, 0, kClosed},
      {"nothing sent yet", [](Fixture& f) { f.wire.shaking_hands = false, f.event(); }, kIdle, 5s, 0, kClosed},
      {"half a head", [](Fixture& f) { f.wire.shaking_hands = false, f.arrive("GET"); }, kReading, 5s, 408, kLingering},
      {"half a body", [](Fixture& f) { f.wire.shaking_hands = false, f.arrive(kHalfBody); }, kReading, 12s, 408,
       kLingering},
      {"a reader that does not read", [](Fixture& f) { f.wire.shaking_hands = false, f.wire.room = 0, f.arrive(kGet); },
       kWriting, 15s, 0, kClosed},
      {"between two requests", [](Fixture& f) { f.wire.shaking_hands = false, f.arrive(kGet), f.written(); }, kIdle,
       60s, 0, kClosed},
      {"refused while it sends",
       [](Fixture& f) { f.wire.shaking_hands = false, f.arrive("GET / HTTP/1.1\n"), f.written(); }, kLingering, 1s, 0,
       kClosed},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Fixture fixture(/*shaking_hands=*/true);
    row.begin(fixture);
    CHECK(fixture.state() == row.state);
    CHECK(fixture.time_left() == row.deadline);
    fixture.expire();
    CHECK(fixture.state() == row.after);
    CHECK(status_of(fixture.written()) == row.status);
    CHECK(fixture.host.dispatched.size() ==
          (row.name == std::string_view("between two requests") || row.state == kWriting));
    fixture.connection.close();
    CHECK(fixture.host.charged == 0);
  }
}

TEST_CASE("connection: dripping bytes moves no deadline") {
  Fixture fixture;
  const std::string_view text = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
  fixture.arrive(text.substr(0, 1));
  const SteadyTime of_head = fixture.host.deadline;
  for (const char byte : text.substr(1, 20)) {
    fixture.pass(100ms);
    fixture.arrive({&byte, 1});
    CHECK(fixture.host.deadline == of_head);
  }
  fixture.expire();
  const std::string answer = fixture.written();
  CHECK(status_of(answer) == 408);
  CHECK(closes(answer));
  CHECK(fixture.wire.finished);
  fixture.arrive(text);
  CHECK(fixture.host.dispatched.empty());

  Fixture body;
  body.arrive(kHalfBody);
  const SteadyTime of_body = body.host.deadline;
  for (int i = 0; i < 50; ++i) {
    body.pass(100ms);
    body.arrive("x");
    CHECK(body.host.deadline == of_body);
  }

  Fixture reader;
  reader.take(0);
  reader.arrive(kGet);
  const SteadyTime of_reader = reader.host.deadline;
  for (int i = 0; i < 50; ++i) {
    reader.pass(100ms);
    reader.take(1);
    CHECK(reader.host.deadline == of_reader);
  }
  CHECK(reader.wire.written.size() == 50);
  CHECK(reader.state() == kWriting);
}

TEST_CASE("connection: while a request is being worked on no deadline holds and nothing more is read") {
  Fixture fixture;
  fixture.host.answers_at_once = false;
  fixture.arrive(request("POST", "/a", "body"));
  REQUIRE(fixture.state() == kWorking);
  fixture.wire.reading_allowed = false;
  fixture.arrive(kGet);
  fixture.expire();
  CHECK(fixture.state() == kWorking);
  CHECK(as_text(fixture.connection.exchange().head.request.body) == "body");
  fixture.wire.reading_allowed = true;
  fixture.answer();
  CHECK(status_of(fixture.written()) == 200);
  CHECK(fixture.host.dispatched == std::vector<std::string>{"POST /a", "GET /a"});
}

TEST_CASE("connection: after eight answers in a row others have their turn") {
  Fixture fixture;
  std::string all;
  for (int i = 0; i < 20; ++i) {
    all += kGet;
  }
  fixture.arrive(all);
  for (const std::size_t count : {8UL, 16UL, 20UL}) {
    CHECK(fixture.host.statuses.size() == count);
    CHECK(fixture.host.postponed == (count < 20));
    fixture.host.postponed = false;
    fixture.connection.advance();
  }
  CHECK(fixture.state() == kIdle);
}

TEST_CASE("connection: of a large body, and of its answer, others have their turn every quarter of a MiB") {
  Fixture fixture;
  fixture.host.answers_at_once = false;
  fixture.arrive(request("POST", "/a", std::string(1'000'000, ' ')));
  CHECK(fixture.take_turns() == 4);
  REQUIRE(fixture.state() == kWorking);
  fixture.wire.room_at_once = 16'384;
  fixture.connection.respond(json_response(200, std::string(1'000'000, ' ')));
  fixture.connection.advance();
  CHECK(fixture.take_turns() == 4);
  CHECK(fixture.state() == kIdle);
  CHECK(fixture.written().size() > 1'000'000);
}

TEST_CASE("connection: bodies wait while memory is short, at the peer's expense") {
  Fixture fixture;
  fixture.arrive(kHalfBody);
  fixture.host.memory_is_short = true;
  fixture.arrive(std::string(32767, ' '));
  CHECK(fixture.wire.arrived.size() == 32767);
  CHECK(fixture.host.awaits_memory);
  CHECK(fixture.time_left() == 12s);
  fixture.host.memory_is_short = false;
  fixture.connection.advance();
  CHECK(fixture.host.dispatched.size() == 1);
  CHECK(fixture.host.body.size() == 32768);
}

TEST_CASE("connection: announcing a body costs us no memory, sending it does, and an answer gives it back") {
  Fixture fixture;
  fixture.host.answers_at_once = false;
  fixture.arrive("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  CHECK(fixture.host.charged < 8192);
  fixture.arrive(std::string(100'000, ' '));
  CHECK(fixture.host.charged > 100'000);
  CHECK(fixture.host.charged < 250'000);
  fixture.arrive(std::string(900'000, ' '));
  fixture.take_turns();
  REQUIRE(fixture.state() == kWorking);
  CHECK(fixture.host.charged < 1'001'000);
  fixture.wire.room = 0;
  fixture.answer();
  CHECK(fixture.state() == kWriting);
  CHECK(fixture.host.charged > 1'000'000);
  fixture.take(SIZE_MAX);
  CHECK(fixture.state() == kIdle);
  CHECK(fixture.host.charged == 0);
}

TEST_CASE("connection: who takes nothing more of his answer is told of once, until he has taken some") {
  Fixture fixture;
  fixture.wire.room = 10;
  fixture.arrive(kGet);
  REQUIRE(fixture.state() == kWriting);
  CHECK(fixture.host.stalls == 1);
  for (int i = 0; i < 3; ++i) {
    fixture.arrive("more");  // makes events, and is no progress
  }
  CHECK(fixture.host.stalls == 1);
  fixture.take(5);
  CHECK(fixture.host.stalls == 2);
  fixture.connection.shed();
  CHECK(fixture.state() == kClosed);
  CHECK(fixture.host.statuses == std::vector<int>{200});
  CHECK(fixture.host.charged == 0);
}

TEST_CASE("connection: 100 Continue is said once, to whoever still has the body, and never in vain") {
  const std::string head = request("POST", "/a", "", "Expect: 100-continue\r\nContent-Length: 4\r\n");
  Fixture fixture;
  fixture.arrive(head);
  CHECK(fixture.written() == kContinue);
  fixture.arrive("ab");
  fixture.arrive("cd");
  CHECK(status_of(fixture.written()) == 200);
  fixture.arrive(head + "abcd");
  CHECK(status_of(fixture.written()) == 200);
  fixture.arrive(request("POST", "/refused", "", "Expect: 100-continue\r\nContent-Length: 4\r\n"));
  const std::string refusal = fixture.written();
  CHECK(status_of(refusal) == 413);
  CHECK(closes(refusal));

  for (const std::size_t room : {0UL, 10UL}) {  // who has no room for a line does not read
    Fixture blocked;
    blocked.wire.room = room;
    blocked.arrive(head);
    CHECK(blocked.state() == kClosed);
    CHECK(blocked.host.charged == 0);
  }
}

TEST_CASE("connection: the answer to HEAD has the length of a body and none") {
  Fixture fixture;
  fixture.arrive(request("HEAD", "/a") + kGet);
  const std::string both = fixture.written();
  const std::size_t second = both.find("HTTP/1.1", 1);
  REQUIRE(second != std::string::npos);
  CHECK(both.substr(0, second).ends_with("\r\n\r\n"));
  CHECK(both.find("\r\nContent-Length: 7\r\n") < second);  // "HEAD /a"
  CHECK(both.ends_with("GET /a"));
}

TEST_CASE("connection: a head that is too long is that, however much of it arrives at once") {
  // Malformed beyond the limit: whoever reads byte by byte never gets that far.
  const std::string head = "GET /a HTTP/1.1\r\nX: " + std::string(Limits{}.head_bytes_max, 'a') + "\n";
  Fixture at_once;
  at_once.arrive(head);
  CHECK(status_of(at_once.written()) == 431);
  Fixture in_pieces;
  for (const char byte : head) {
    in_pieces.arrive({&byte, 1});
  }
  CHECK(status_of(in_pieces.written()) == 431);
}

}  // namespace disposable
