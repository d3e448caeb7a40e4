// A Connection without sockets, clock or threads, and the host that a test can ask what became of it.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/connection.h"
#include "http/response.h"
#include "support/fake_wire.h"

namespace disposable {

// Admits everything but what is under /refused, and answers "GET /path body" with 200 and the text of the request.
class FakeConnectionHost final : public ConnectionHost {
 public:
  SteadyTime now() const override { return time; }
  std::string_view date() override { return "Tue, 14 Nov 2023 22:13:20 GMT"; }
  const Limits& limits() const override { return bounds; }
  std::span<std::uint8_t> scratch() override { return scratch_.expose_mutable(); }
  std::optional<Response> admit(Connection& connection) override {
    const bool refused = connection.exchange().head.request.path == "/refused";
    return refused ? std::optional(error_response(413)) : std::nullopt;
  }
  void dispatch(Connection& connection) override {
    const Request& request = connection.exchange().head.request;
    dispatched.push_back(std::string(request.method).append(" ").append(request.path));
    body = as_text(request.body);
    if (answers_at_once) {
      connection.respond(json_response(200, dispatched.back()));
    }
  }
  void answered(const Connection& /*connection*/, const Exchange& exchange) override {
    statuses.push_back(exchange.response.status);
  }
  void abandoned(const Exchange& /*exchange*/) override { ++requests_abandoned; }
  void state_changed(Connection& /*connection*/, ConnectionState /*before*/) override {}
  void handshake_began(Connection& /*connection*/) override { ++handshakes; }
  void stalled(Connection& /*connection*/) override { ++stalls; }
  void set_deadline(Connection& /*connection*/, SteadyTime at) override { deadline = at; }
  void postpone(Connection& /*connection*/) override { postponed = true; }
  void await_memory(Connection& /*connection*/) override { awaits_memory = true; }
  void charge(std::uint64_t bytes) override { charged += bytes; }
  void discharge(std::uint64_t bytes) override { charged -= bytes; }
  bool crowded() const override { return memory_is_short; }

  SteadyTime time{std::chrono::hours{1}};
  Limits bounds{};
  SteadyTime deadline{};
  bool postponed = false;
  bool awaits_memory = false;
  bool memory_is_short = false;
  bool answers_at_once = true;
  int handshakes = 0;
  int stalls = 0;
  int requests_abandoned = 0;
  std::uint64_t charged = 0;
  std::string body;
  std::vector<std::string> dispatched;
  std::vector<int> statuses;

 private:
  SecretBytes scratch_{16UL * 1024};
};

struct ConnectionFixture {
  explicit ConnectionFixture(bool shaking_hands = false) {
    wire.shaking_hands = shaking_hands;
    connection.open();
    connection.advance();
  }

  void event(bool ended = false) {
    connection.note_readable(ended);
    connection.advance();
  }
  // Until it does not ask for another turn; how many it took, with the one before.
  int take_turns() {
    int count = 1;
    while (std::exchange(host.postponed, false)) {
      ++count;
      connection.advance();
    }
    return count;
  }
  void arrive(std::string_view bytes) {
    wire.arrived += bytes;
    event();
  }
  void end() {
    wire.ended = true;
    event(/*ended=*/true);
  }
  void take(std::size_t room) {
    wire.room = room;
    event();
  }
  void pass(std::chrono::milliseconds span) { host.time += span; }
  void expire() {
    host.time = host.deadline;
    connection.expire();
  }
  void answer(int status = 200) {
    connection.respond(json_response(status, "{}"));
    connection.advance();
  }
  // Since it was asked last.
  std::string written() { return std::exchange(wire.written, {}); }
  std::chrono::milliseconds time_left() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(host.deadline - host.time);
  }
  ConnectionState state() const { return connection.state(); }

  FakeWire wire;
  FakeConnectionHost host;
  Connection connection{host, std::make_unique<FakeTransport>(wire), {}};
};

}  // namespace disposable
