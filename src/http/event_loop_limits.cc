// EventLoop: who is let in, what he may do, and who has to go.

#include <algorithm>
#include <limits>

#include "http/event_loop_client.h"
#include "http/response.h"

namespace disposable {

namespace {

constexpr std::uint32_t kClientEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
// How long somebody should stay away who met too many connections.
constexpr std::chrono::seconds kComeBackAfter{5};

// How long everybody waits, when memory is short, for somebody who has not sent all of his request, or who takes
// nothing of his answer.
constexpr std::chrono::seconds kPatience{1};

// And then for somebody who takes a large answer at less than this pace: 25 MiB are taken in 100 s. Nobody is hit whose
// line has 2 Mbit/s, and the first packets are always slow.
constexpr std::chrono::seconds kPatienceWithPace{3};
constexpr double kPaceMin = 256.0 * 1024;  // bytes a second

// Of an unfinished request, or an answer: less than this makes little room.
constexpr std::size_t kLargePart = 64UL * 1024;
// So many at most, the oldest, so that a crowd costs a bounded time.
constexpr int kCompared = 1024;

// With a word, as far as the system takes one at once; who is turned away has not been listened to.
void turn_away(FileDescriptor socket, Limit limit, std::string_view date) {
  const Response response = limit == Limit::kConnections ? unavailable(kComeBackAfter) : rate_limited(kComeBackAfter);
  const std::string head = format_head(response, date, /*close=*/true);
  PlainTransport transport(std::move(socket));
  transport.write(as_bytes(head), response.content());
  transport.finish_writing();
}

}  // namespace

bool EventLoop::make_room() {
  Client* const client = clients_->spare.front();
  if (client != nullptr) {
    front_.metrics.evicted();
    client->close();
  }
  return client != nullptr;
}

void EventLoop::accepted(FileDescriptor socket, const ListeningSocket& listener, const Peer& peer) {
  const std::optional<ClientPrefix> prefix = connection_prefix(peer, settings_->trusted_proxies);
  std::optional<Limit> refusal = front_.counts.enter(prefix);
  if (refusal == Limit::kConnections && make_room()) {
    refusal = front_.counts.enter(prefix);
  }
  if (refusal) {
    if (!listener.tls) {
      turn_away(std::move(socket), *refusal, date());
    }
    return;
  }
  const int number = socket.get();
  auto client = std::make_unique<Client>(*this, front_.transport(std::move(socket), listener.tls),
                                         Entrance{peer, listener.metrics}, prefix);
  if (!poller_->add(number, kClientEvents, *client)) {
    front_.counts.leave(prefix);
    return;
  }
  front_.metrics.accepted();
  Client& added = *client.release();  // the lists have it now, until it is buried
  clients_->all.push_back(added);
  added.open();
  added.advance();
}

// Else a few that stall would hold what all others need, for as long as their bodies or answers may take.
void EventLoop::relieve() {
  while (crowded()) {
    Client* const client = dispensable();
    if (client == nullptr) {
      return;
    }
    front_.hits.count(Limit::kBufferBytes);
    client->shed();
  }
}

// Of the large ones whose time of patience is over the slowest; without such, whose request began first.
EventLoop::Client* EventLoop::slowest_reading() {
  Client* chosen = nullptr;
  double slowest = std::numeric_limits<double>::infinity();
  Client* client = clients_->reading.front();
  for (int i = 0; client != nullptr && i < kCompared; ++i, client = client->among_reading.next) {
    const Exchange& exchange = client->exchange();
    const std::chrono::duration<double> span = now_ - exchange.began;
    if (span < kPatience) {
      break;
    }
    const double rate = static_cast<double>(exchange.filled) / span.count();
    if (chosen == nullptr || (exchange.in.size() >= kLargePart && rate < slowest)) {
      chosen = client;
      slowest = exchange.in.size() >= kLargePart ? rate : slowest;
    }
  }
  return chosen;
}

// Of those who take a large answer too slowly: first who can have it again, of them the slowest.
EventLoop::Client* EventLoop::slowest_taking() {
  Client* chosen = nullptr;
  double slowest = kPaceMin;
  Client* client = clients_->stalled.front();
  for (int i = 0; client != nullptr && i < kCompared; ++i, client = client->among_stalled.next) {
    const Exchange& exchange = client->exchange();
    const std::chrono::duration<double> span = now_ - exchange.blocked_since;
    const double pace = static_cast<double>(exchange.sent) / std::max(span.count(), 1.0);
    if (span < kPatienceWithPace || pace >= kPaceMin || exchange.response.body.size() < kLargePart) {
      continue;
    }
    const bool repeatable = exchange.response.repeatable;
    const bool preferred = chosen != nullptr && chosen->exchange().response.repeatable;
    if (repeatable == preferred ? pace < slowest : repeatable) {
      chosen = client;
      slowest = pace;
    }
  }
  return chosen;
}

// First who loses nothing, then who has not brought all, then who takes nothing or too little. Null while everybody
// else still deserves patience.
EventLoop::Client* EventLoop::dispensable() {
  Client* const stalled = clients_->stalled.front();
  if (stalled != nullptr && stalled->stalled_since == SteadyTime::min()) {
    return stalled;
  }
  if (Client* const reading = slowest_reading()) {
    return reading;
  }
  return stalled != nullptr && now_ - stalled->stalled_since >= kPatience ? stalled : slowest_taking();
}

void EventLoop::stalled(Connection& connection) {
  auto& client = static_cast<Client&>(connection);
  if (!client.exchange().response.constant_body.empty()) {
    return;  // a page takes no memory of ours
  }
  const Api::Work work = client.exchange().route.work();
  clients_->stalled.remove(client);
  if (work == Api::Work::kNone || work == Api::Work::kInspect) {
    client.stalled_since = SteadyTime::min();
    clients_->stalled.push_front(client);
  } else {
    client.stalled_since = now_;
    clients_->stalled.push_back(client);
  }
}

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
