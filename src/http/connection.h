// Connection: one client's requests, from its first byte to its end, on one worker.
//
// Head and body are read completely, within bounds and absolute deadlines, before anything is decided; a response
// leaves only after its ticket. Bytes sent ahead of their turn are kept for the next request. Any doubt about where a
// message ends closes the connection. One thread only.

#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>

#include "http/api.h"
#include "http/http_head.h"
#include "http/socket.h"

namespace disposable {

// One line of text for the operator, without a line end. Called from any worker.
using LogSink = std::function<void(std::string_view line)>;

struct ServerOptions {
  // Also how many connections are served at once. Over it, connections take turns: they are closed
  // after an answer, or while idle, for others to be served.
  std::size_t workers = 288;
  // Accepted connections that wait for a worker; over it they are closed at once.
  std::size_t waiting_max = 1024;
  // All absolute: a peer that sends a byte now and then gains nothing.
  std::chrono::milliseconds head_max{5'000};
  std::chrono::milliseconds body_max{10'000};
  std::chrono::milliseconds response_max{15'000};
  std::chrono::milliseconds idle_max{60'000};
};

// What all connections of a server share. Thread-safe.
struct ServerState {
  const Api& api;
  const ServerOptions options;
  const LogSink log;
  FileDescriptor stop_event;     // readable for good once the server stops
  FileDescriptor crowded_event;  // one token for each connection that found no free worker
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> open{0};  // connections accepted and not yet closed

  // Whether somebody waits for a worker.
  bool crowded() const { return open > options.workers; }
};

// The status line and headers of a response with its Content-Length, and `Connection: close` if so.
using HeadFormat = std::function<std::string(const Response& response, bool close)>;

class Connection {
 public:
  // Borrows everything; `socket` stays open.
  Connection(ServerState& server, int socket, HeadFormat format)
      : server_(server), socket_(socket), address_(peer_address(socket)), format_(std::move(format)) {}

  void serve();

 private:
  // False when the connection ends here: nothing came in time, or the worker is wanted elsewhere.
  bool wait_for_request(SteadyTime deadline);
  // These are true when another request may follow.
  bool answer_one();
  bool answer(RequestHead& head, std::size_t head_size);
  bool refuse(int status);
  bool send(const Response& response, bool body_too, bool keep_alive);

  // False when the peer did not send it in time.
  bool read_body(const RequestHead& head, std::size_t head_size, SecretBytes& body);
  Response handle(const Request& request);
  void linger();
  std::string_view buffered() const { return as_text(in_.expose().first(filled_)); }
  // Forgets the first `size` bytes and keeps what was sent ahead of its turn.
  void consume(std::size_t size);

  ServerState& server_;
  const int socket_;
  const std::string address_;
  const HeadFormat format_;
  SecretBytes in_{kHeadBytesMax};  // what has arrived: a head, and what came with it
  std::size_t filled_ = 0;
  SteadyTime turn_end_{};          // from here on it gives way to others
  std::size_t buffered_body_ = 0;  // how much of the body came with the head
  bool unread_ = false;            // the peer may still be sending what was refused
};

}  // namespace disposable
