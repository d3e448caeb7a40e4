// Connection: one client's requests, from its first byte to its end, on no thread of its own.
//
// A state machine over a Transport that never blocks. Head and body are read completely, validated and bounded before
// anybody works on them; one request at a time, in the order of arrival; bytes sent ahead are kept for their turn. Any
// doubt about where a message ends closes the connection. What it needs from outside (time, memory to read into,
// somebody who answers) is its ConnectionHost, so that a test or a fuzzer can be one.
//
// One thread, that of its host; while it is kWorking another one may read its exchange().

#pragma once

#include <memory>

#include "http/exchange.h"
#include "http/http_metrics.h"
#include "http/transport.h"

namespace disposable {

class Connection;

// Where a connection came in, and what holds for all of its requests.
struct Entrance {
  Peer peer{};
  bool metrics_listener = false;
};

class ConnectionHost {
 public:
  ConnectionHost() = default;
  ConnectionHost(const ConnectionHost&) = delete;
  ConnectionHost& operator=(const ConnectionHost&) = delete;
  virtual ~ConnectionHost() = default;

  virtual SteadyTime now() const = 0;
  // That time for the `Date` of a response.
  virtual std::string_view date() = 0;
  virtual const Limits& limits() const = 0;
  // Memory to read into, wiped by whoever used it.
  virtual std::span<std::uint8_t> scratch() = 0;

  // The head of the exchange is complete: fills in its route and client. A response when that is all there is to say.
  virtual std::optional<Response> admit(Connection& connection) = 0;
  // The request is complete: Connection::respond() follows, at once or later, and then advance().
  virtual void dispatch(Connection& connection) = 0;
  // The answer was handed to the system, or could not be.
  virtual void answered(const Connection& connection, const Exchange& exchange) = 0;
  // The connection ends before the request was complete.
  virtual void abandoned(const Exchange& exchange) = 0;

  virtual void state_changed(Connection& connection, ConnectionState before) = 0;
  // A handshake costs memory from now on, until the state changes.
  virtual void handshake_began(Connection& connection) = 0;
  // The peer has taken what it wants of its answer for now, which is not all; told again after it has taken more.
  virtual void stalled(Connection& connection) = 0;
  // Replaces the deadline there was. Connection::expire() follows.
  virtual void set_deadline(Connection& connection, SteadyTime deadline) = 0;
  // advance() is to be called again after others had their turn.
  virtual void postpone(Connection& connection) = 0;
  // advance() is to be called again as soon as memory may not be short any more.
  virtual void await_memory(Connection& connection) = 0;

  // The bytes held by all connections together, and whether they are too many: then nothing more is taken in.
  virtual void charge(std::uint64_t bytes) = 0;
  virtual void discharge(std::uint64_t bytes) = 0;
  virtual bool crowded() const = 0;
};

class Connection {
 public:
  // Borrows the host.
  Connection(ConnectionHost& host, std::unique_ptr<Transport> transport, const Entrance& entrance);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection();

  // To be called once, before anything else.
  void open();
  // The socket may be readable or writable, or it was asked for: goes on until it has to wait, or its turn is over.
  void advance();
  // The socket may have something to read, so advance() looks. `ended`: the last that it has is the end.
  void note_readable(bool ended) {
    readable_ = true;
    ended_ = ended_ || ended;
  }
  // The answer to the request that is kWorking; advance() writes it.
  void respond(Response response);
  // The deadline has passed.
  void expire();
  // The memory is needed. While kReading: the request is answered with 503 and not waited for any more; while kWriting:
  // the peer has had its time for the answer.
  void shed();
  // No further request is read but the one that is under way or arrives before `deadline`.
  void drain(SteadyTime deadline);
  // Without another word. Not while kWorking: somebody may be reading the request.
  void close();

  ConnectionState state() const { return state_; }
  std::string_view protocol() const { return transport_->protocol(); }
  const Entrance& entrance() const { return entrance_; }
  // While a request is under way.
  Exchange& exchange() { return *exchange_; }

 private:
  // These do one thing and return whether there may be more to do at once.
  bool step();
  bool shake_hands();
  bool read_request();
  bool write_response();
  bool linger();
  void linger_for(std::uint64_t body_bytes);

  bool look();
  bool find_head();
  bool accept_head();
  bool ask_for_body();
  bool fill();
  void take(std::span<std::uint8_t> arrived);
  void make_room(std::size_t size);
  void charge(std::uint64_t bytes);
  void refuse(Response response);
  void begin_exchange();
  void finish_exchange();
  void end_exchange();
  void await_request(std::chrono::milliseconds span);
  void enter(ConnectionState state);
  // What a peer gets for `bytes` at the slowest rate, on top of `base`.
  SteadyTime deadline_for(std::chrono::milliseconds base, std::uint64_t bytes) const;

  ConnectionHost& host_;
  std::unique_ptr<Transport> transport_;
  const Entrance entrance_;
  std::unique_ptr<Exchange> exchange_;
  ConnectionState state_ = ConnectionState::kHandshake;
  bool shaking_ = false;
  bool readable_ = true;  // as far as is known
  bool ended_ = false;    // no event will tell of the end any more, so a short read does not mean "later"
  SteadyTime drain_until_ = SteadyTime::max();  // otherwise it drains
  bool unread_ = false;                         // the peer may be sending what nobody will read
  std::uint64_t lingered_ = 0;
  std::uint64_t linger_bytes_max_ = 0;
  std::size_t moved_ = 0;  // bytes in this turn
};

}  // namespace disposable
