#include "http/http_metrics.h"

#include <algorithm>

namespace disposable {

namespace {

constexpr std::array<std::string_view, 6> kStateNames{"handshake", "idle",    "reading",
                                                      "working",   "writing", "lingering"};

// The place of a route in an array with one place more than there are operations.
std::size_t place_of(RouteIndex route) { return std::min(std::size_t{route}, Api::operations().size()); }

bool announced(RouteIndex route, int status) {
  const std::span<const Api::Operation> operations = Api::operations();
  if (route >= operations.size()) {
    return false;
  }
  const std::span<const int> statuses = operations[route].statuses;
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

}  // namespace

HttpMetrics::HttpMetrics() : routes_(std::make_unique<Route[]>(Api::operations().size() + 1)) {}

void HttpMetrics::count(const Exchange& exchange) {
  Route& route = routes_[place_of(exchange.route)];
  std::size_t status = 0;
  while (status + 1 < std::size(kStatuses) && kStatuses[status] != exchange.status) {
    ++status;
  }
  route.requests[status].add();
  route.seconds.observe(exchange.duration);
}

void HttpMetrics::write_metrics(MetricsText& text) const {
  write_requests(text);
  write_connections(text);
  text.counter("http_received_bytes_total", "Bytes read from clients.", bytes_in_);
  text.counter("http_sent_bytes_total", "Bytes written to clients.", bytes_out_);
}

void HttpMetrics::write_requests(MetricsText& text) const {
  const std::size_t places = Api::operations().size() + 1;
  text.begin("http_requests_total", MetricsText::Type::kCounter, "Requests answered, by operation and status.");
  for (std::size_t place = 0; place < places; ++place) {
    const RouteName name = route_name(static_cast<RouteIndex>(place));
    for (std::size_t i = 0; i < std::size(kStatuses); ++i) {
      const std::uint64_t count = routes_[place].requests[i].value();
      // From the start on what an operation announces, so that a rate can be taken of the first one.
      if (count > 0 || announced(static_cast<RouteIndex>(place), kStatuses[i])) {
        const std::string status = kStatuses[i] == 0 ? "other" : std::to_string(kStatuses[i]);
        text.sample(count, {{"method", name.method}, {"route", name.pattern}, {"status", status}});
      }
    }
  }
  text.begin("http_request_seconds", MetricsText::Type::kHistogram,
             "Time from the first byte of a request until its answer was handed to the kernel.");
  for (std::size_t place = 0; place < places; ++place) {
    const RouteName name = route_name(static_cast<RouteIndex>(place));
    text.sample(routes_[place].seconds, {{"method", name.method}, {"route", name.pattern}});
  }
}

void HttpMetrics::write_connections(MetricsText& text) const {
  text.begin("http_connections", MetricsText::Type::kGauge, "Open connections by what they are at.");
  for (std::size_t state = 0; state < kStates; ++state) {
    text.sample(connections_[state], {{"state", kStateNames[state]}});
  }
  text.counter("http_connections_accepted_total", "Connections accepted.", accepted_);
  text.counter("http_connections_evicted_total", "Idle connections closed to make room for others.", evicted_);
}

}  // namespace disposable
