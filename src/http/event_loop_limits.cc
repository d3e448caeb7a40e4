// EventLoop: what a request may do, before it is done, and what it turned out to be.

#include "http/event_loop_client.h"
#include "http/response.h"

namespace disposable {

namespace {

bool retrieves(const Exchange& exchange) {
  return exchange.route.work() == Api::Work::kRetrieve || exchange.route.work() == Api::Work::kOpen;
}

}  // namespace

std::optional<Response> EventLoop::admit(Connection& connection) {
  Exchange& exchange = connection.exchange();
  Request& request = exchange.head.request;
  exchange.route = Api::route(request.method, request.path);
  exchange.client = client_address(connection.entrance().peer, request.headers, settings_->trusted_proxies);
  exchange.address = exchange.client.text();
  request.address = exchange.address;
  request.creation = settings_->creators.rules.creation();
  const std::uint64_t body_bytes = exchange.head.content_length;
  if (auto refusal = front_.api.refuse(exchange.route, request, body_bytes)) {
    return refusal;
  }
  if (auto refusal = ask_creators(exchange)) {
    return refusal;
  }
  const Api::Work work = exchange.route.work();
  if (work == Api::Work::kNone || request.metrics_listener) {
    return std::nullopt;
  }
  if (crowded()) {
    return short_of_memory(exchange);
  }
  if (work == Api::Work::kInspect) {
    return std::nullopt;
  }
  const Admission::Verdict refusal = ask_admission(exchange);
  return !refusal         ? std::nullopt
         : refusal->never ? std::optional(error_response(413, exchange.form))
                          : std::optional(rate_limited(refusal->retry_after, exchange.form));
}

Response EventLoop::short_of_memory(const Exchange& exchange) {
  front_.hits.count(Limit::kBufferBytes);
  return unavailable(std::chrono::seconds{1}, exchange.form);
}

Admission::Verdict EventLoop::ask_admission(Exchange& exchange) {
  Admission::Verdict refusal;
  switch (exchange.route.work()) {
    case Api::Work::kNone:
    case Api::Work::kInspect:
      break;
    case Api::Work::kCreate:
      refusal = admit_create(exchange);
      break;
    case Api::Work::kOpen:
    case Api::Work::kDelete:
      refusal = front_.admission.admit_passphrase(exchange.client, now_);
      [[fallthrough]];
    case Api::Work::kLookUp:
    case Api::Work::kRetrieve:
      refusal = refusal ? refusal : front_.admission.admit_lookup(exchange.client, now_);
      break;
  }
  if (!refusal && retrieves(exchange)) {
    refusal = front_.admission.admit_retrieve(exchange.client, now_);
  }
  exchange.admitted = !refusal;
  return refusal;
}

// What the request turned out to be, to the limits; one that never arrived has failed.
void EventLoop::note_outcome(const Exchange& exchange) {
  if (!exchange.admitted) {
    return;
  }
  const int status = exchange.response.status;
  if (status == 507) {
    front_.hits.count(Limit::kStorage);
  }
  const Api::Work work = exchange.route.work();
  if (work == Api::Work::kCreate && ((status != 200 && status != 201) || exchange.response.repeats)) {
    refund_create(exchange);
  }
  if (status == 200 && retrieves(exchange)) {
    front_.admission.note_retrieved(exchange.client, now_);
  }
  if (status == 404) {
    front_.admission.note_miss(exchange.client, now_);
  } else if (exchange.response.denied) {
    front_.admission.note_wrong_passphrase(exchange.client, now_);
  }
}

void EventLoop::abandoned(const Exchange& exchange) {
  if (exchange.admitted && exchange.route.work() == Api::Work::kCreate) {
    refund_create(exchange);
  }
}

// The first few of each second: what goes wrong, often goes wrong for everybody.
void EventLoop::log_failure(const Response& response) {
  constexpr int kLinesPerSecond = 5;
  if (now_ - failures_since_ >= std::chrono::seconds{1}) {
    failures_since_ = now_;
    failures_logged_ = 0;
  }
  if (++failures_logged_ <= kLinesPerSecond) {
    front_.log("answered " + std::to_string(response.status) + ": " + response.log_detail);
  }
}

void EventLoop::answered(const Connection& connection, const Exchange& exchange) {
  if (!exchange.response.log_detail.empty()) {
    log_failure(exchange.response);
  }
  note_outcome(exchange);
  const auto duration = std::chrono::steady_clock::now() - exchange.began;
  const std::size_t received = exchange.complete() ? exchange.size() : exchange.filled;
  front_.metrics.count({exchange.route.index, exchange.response.status, duration});
  front_.metrics.received(received);
  front_.metrics.sent(exchange.sent);
  if (front_.access_log != nullptr) {
    // Without a head nobody has looked yet whose request it is.
    const std::string address =
        exchange.address.empty() ? ClientAddress{connection.entrance().peer.ip}.text() : exchange.address;
    front_.access_log->write({exchange.head.request.method, exchange.route.index, exchange.response.status, duration,
                              received, exchange.sent, address, connection.protocol()});
  }
}

}  // namespace disposable
