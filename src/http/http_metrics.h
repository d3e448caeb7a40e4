// HttpMetrics: what the connection layer counts. Event loops call it for every request and every change of a
// connection's state; nothing locks or allocates.
//
// Labels are constants: the operations' methods and patterns, statuses, states. Thread-safe.

#pragma once

#include <memory>
#include <vector>

#include "base/metrics.h"
#include "http/api.h"

namespace disposable {

// What a connection is at.
enum class ConnectionState : std::uint8_t {
  kHandshake,  // TLS is not up yet
  kIdle,       // between two requests; nothing has arrived
  kReading,    // a part of a request has arrived
  kWorking,    // a request is complete; its answer is not decided or not durable
  kWriting,    // the answer waits for the peer to read
  kLingering,  // everything was said; what the peer still sends is dropped, so that it can read the answer
  kClosed,
};

class HttpMetrics {
 public:
  HttpMetrics();

  // A request whose answer was handed to the kernel. `duration` is from the first byte of its head on.
  struct Exchange {
    RouteIndex route = kUnmatchedRoute;
    int status = 0;
    std::chrono::nanoseconds duration{0};
  };
  void count(const Exchange& exchange);

  // Requests and answers as they went over the wire, without TLS.
  void received(std::uint64_t bytes) { bytes_in_.add(bytes); }
  void sent(std::uint64_t bytes) { bytes_out_.add(bytes); }

  void accepted() { accepted_.add(); }
  // From or to kClosed too.
  void moved(ConnectionState from, ConnectionState to) {
    at(from).sub();
    at(to).add();
  }
  // Closed, while no request of theirs was complete, to make room for another.
  void evicted() { evicted_.add(); }

  void write_metrics(MetricsText& text) const;

 private:
  static constexpr std::size_t kStates = 6;  // without kClosed
  // Statuses that any answer can have; what else there may be counts as the last one.
  static constexpr int kStatuses[] = {200, 201, 400, 401, 403, 404, 405, 408, 409, 410, 411, 413,
                                      414, 415, 417, 422, 429, 431, 500, 503, 505, 507, 0};

  struct Route {
    std::array<Counter, std::size(kStatuses)> requests;
    Histogram seconds{kSecondsBounds};
  };

  Gauge& at(ConnectionState state) { return connections_[static_cast<std::size_t>(state)]; }
  void write_requests(MetricsText& text) const;
  void write_connections(MetricsText& text) const;

  const std::unique_ptr<Route[]> routes_;  // one for each operation, and the last for what matches none
  std::array<Gauge, kStates + 1> connections_;
  Counter accepted_;
  Counter evicted_;
  Counter bytes_in_;
  Counter bytes_out_;
};

}  // namespace disposable
