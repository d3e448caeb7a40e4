#include "http/connection.h"

#include <algorithm>
#include <array>

#include "http/response.h"

namespace disposable {

namespace {

using IoStatus = IoResult::Status;

// A peer that is refused while it sends gets this long, and this much read, to see the answer before a reset; and for
// the body that it has announced more, as the largest upload that can be configured needs at 8 Mbit/s. Many clients
// look at no answer before they have sent everything.
constexpr std::chrono::seconds kLingerMax{1};
constexpr std::uint64_t kLingerBytesMax = 16UL * 1024 * 1024;
constexpr std::uint64_t kLingerBodyMax = 256UL * 1024 * 1024;
constexpr std::uint64_t kLingerBytesPerSecond = 1024UL * 1024;
// So many answers in a row, or about so many bytes, before other connections have their turn.
constexpr int kTurn = 8;
constexpr std::size_t kTurnBytes = 256UL * 1024;
constexpr std::chrono::seconds kShedRetryAfter{1};

}  // namespace

Connection::Connection(ConnectionHost& host, std::unique_ptr<Transport> transport, const Entrance& entrance)
    : host_(host), transport_(std::move(transport)), entrance_(entrance) {}

Connection::~Connection() {
  if (exchange_ != nullptr) {
    host_.discharge(exchange_->charged);
  }
}

void Connection::open() {
  host_.state_changed(*this, ConnectionState::kClosed);
  host_.set_deadline(*this, host_.now() + host_.limits().handshake_max);
}

void Connection::advance() {
  int answers = 0;
  moved_ = 0;
  for (;;) {
    const ConnectionState before = state_;
    if (!step()) {
      return;
    }
    answers += before == ConnectionState::kWriting && state_ != ConnectionState::kWriting ? 1 : 0;
    if ((answers == kTurn || moved_ >= kTurnBytes) && state_ != ConnectionState::kClosed) {
      host_.postpone(*this);
      return;
    }
  }
}

bool Connection::step() {
  switch (state_) {
    case ConnectionState::kHandshake:
      return shake_hands();
    case ConnectionState::kIdle:
    case ConnectionState::kReading:
      return read_request();
    case ConnectionState::kWriting:
      return write_response();
    case ConnectionState::kLingering:
      return linger();
    case ConnectionState::kWorking:
    case ConnectionState::kClosed:
      return false;
  }
  return false;
}

bool Connection::shake_hands() {
  switch (transport_->handshake().status) {
    case IoStatus::kDone:
      // A new connection is there for a request, and has no more time for it than for a head.
      await_request(host_.limits().head_max);
      return true;
    case IoStatus::kAgain:
      if (!shaking_ && transport_->shaking_hands()) {
        shaking_ = true;
        host_.handshake_began(*this);
      }
      return false;
    case IoStatus::kClosed:
      close();
      return false;
  }
  return false;
}

void Connection::await_request(std::chrono::milliseconds span) {
  enter(ConnectionState::kIdle);
  host_.set_deadline(*this, std::min(host_.now() + span, drain_until_));
}

void Connection::charge(std::uint64_t bytes) {
  exchange_->charged += bytes;
  host_.charge(bytes);
}

void Connection::refuse(Response response) {
  unread_ = true;
  exchange_->close = true;
  respond(std::move(response));
}

void Connection::respond(Response response) {
  Exchange& exchange = *exchange_;
  exchange.close = exchange.close || drain_until_ != SteadyTime::max();
  exchange.response = std::move(response);
  charge(exchange.response.body.size());
  exchange.response_head = format_head(exchange.response, host_.date(), exchange.close);
  enter(ConnectionState::kWriting);
}

bool Connection::write_response() {
  Exchange& exchange = *exchange_;
  const ByteView head = as_bytes(exchange.response_head);
  const ByteView body = exchange.body_too ? exchange.response.content() : ByteView{};
  const std::size_t of_head = std::min(exchange.sent, head.size());
  const IoResult written = transport_->write(head.subspan(of_head), body.subspan(exchange.sent - of_head));
  exchange.sent += written.bytes;
  moved_ += written.bytes;
  if (written.status == IoStatus::kClosed) {
    host_.answered(*this, exchange);
    close();
    return false;
  }
  if (written.status == IoStatus::kAgain) {
    if (!exchange.blocked) {
      charge(exchange.response_head.size());
      exchange.blocked_since = host_.now();
      host_.set_deadline(*this, deadline_for(host_.limits().response_max, exchange.response_size()));
    }
    if (!exchange.blocked || exchange.sent > exchange.sent_when_blocked) {
      host_.stalled(*this);
    }
    exchange.blocked = true;
    exchange.sent_when_blocked = exchange.sent;
    return false;
  }
  if (exchange.sent == exchange.response_size()) {
    host_.answered(*this, exchange);
    finish_exchange();
  }
  return true;
}

void Connection::finish_exchange() {
  const Exchange& exchange = *exchange_;
  const ByteView ahead =
      exchange.in.expose().first(exchange.filled).subspan(std::min(exchange.size(), exchange.filled));
  if (exchange.close) {
    // Closing while bytes are unread would reset the connection and destroy the answer.
    const bool more = unread_ || readable_ || !ahead.empty() || exchange.head.keep_alive;
    const std::uint64_t missing = exchange.size() > exchange.filled ? exchange.size() - exchange.filled : 0;
    end_exchange();
    transport_->finish_writing();  // TLS has an end of its own to tell, also before a close
    if (!more) {
      close();
      return;
    }
    readable_ = true;
    linger_for(std::min(missing, kLingerBodyMax));
    return;
  }
  if (ahead.empty()) {
    end_exchange();
    await_request(host_.limits().idle_max);
    return;
  }
  SecretBytes next = SecretBytes::copy_of(ahead);
  end_exchange();
  begin_exchange();
  exchange_->filled = next.size();
  exchange_->in = std::move(next);
  charge(exchange_->filled);
}

// Somebody who lingers is the first to make room, and at the end nobody waits for a body.
void Connection::linger_for(std::uint64_t body_bytes) {
  enter(ConnectionState::kLingering);
  linger_bytes_max_ = kLingerBytesMax + body_bytes;
  const bool draining = drain_until_ != SteadyTime::max();
  host_.set_deadline(
      *this, host_.now() + kLingerMax + std::chrono::seconds(draining ? 0 : body_bytes / kLingerBytesPerSecond));
}

void Connection::end_exchange() {
  if (exchange_ != nullptr) {
    host_.discharge(exchange_->charged);
    exchange_.reset();
  }
}

bool Connection::linger() {
  if (!readable_) {
    return false;
  }
  const std::span<std::uint8_t> into = host_.scratch();
  const IoResult got = transport_->discard(into);
  readable_ = got.status == IoStatus::kDone && (ended_ || !got.drained);
  wipe(into.first(got.bytes));
  lingered_ += got.bytes;
  moved_ += got.bytes;
  if (got.status == IoStatus::kClosed || lingered_ > linger_bytes_max_) {
    close();
  }
  return readable_;
}

void Connection::expire() {
  switch (state_) {
    case ConnectionState::kReading:
      refuse(error_response(408, exchange_->form));
      advance();
      return;
    case ConnectionState::kWriting:
      host_.answered(*this, *exchange_);
      close();
      return;
    case ConnectionState::kIdle:
      transport_->finish_writing();
      close();
      return;
    case ConnectionState::kHandshake:
    case ConnectionState::kLingering:
      close();
      return;
    case ConnectionState::kWorking:
    case ConnectionState::kClosed:
      return;
  }
}

void Connection::shed() {
  if (state_ == ConnectionState::kReading) {
    refuse(unavailable(kShedRetryAfter, exchange_->form));
    advance();
  }
  if (state_ == ConnectionState::kWriting) {  // a peer that does not read
    expire();
  }
}

void Connection::drain(SteadyTime deadline) {
  drain_until_ = deadline;
  if (state_ == ConnectionState::kLingering) {
    linger_for(0);
  }
  if (state_ == ConnectionState::kIdle || state_ == ConnectionState::kHandshake) {
    host_.set_deadline(*this, deadline);
  }
}

void Connection::close() {
  if (state_ != ConnectionState::kClosed) {
    if (state_ == ConnectionState::kReading) {
      host_.abandoned(*exchange_);
    }
    end_exchange();
    transport_.reset();
    enter(ConnectionState::kClosed);
  }
}

void Connection::enter(ConnectionState state) {
  const ConnectionState before = std::exchange(state_, state);
  host_.state_changed(*this, before);
}

SteadyTime Connection::deadline_for(std::chrono::milliseconds base, std::uint64_t bytes) const {
  const std::uint64_t rate = std::max<std::uint64_t>(host_.limits().rate_min, 1);
  return host_.now() + base + std::chrono::seconds(bytes / rate);
}

}  // namespace disposable
