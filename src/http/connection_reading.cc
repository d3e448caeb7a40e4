// Connection: from bytes to a request that is complete, or refused.

#include <algorithm>

#include "http/connection.h"
#include "http/response.h"

namespace disposable {

namespace {

using IoStatus = IoResult::Status;

// A body's memory grows with what arrives, so that announcing a large one costs a peer as much as sending it.
constexpr std::size_t kBodyBytesFirst = 4096;

// At once, since a system may have many more.
constexpr std::size_t kReadBytesMax = 256UL * 1024;

// For a head that was accepted before, perhaps under other limits.
constexpr Limits kAnyHead{.header_fields_max = SIZE_MAX, .target_bytes_max = SIZE_MAX};

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

bool Connection::read_request() { return (exchange_ != nullptr && look()) || (readable_ && fill()); }

// Whether what has arrived leads anywhere.
bool Connection::look() {
  Exchange& exchange = *exchange_;
  if (exchange.head_size == 0 && !find_head()) {
    return state_ != ConnectionState::kReading;
  }
  if (!exchange.complete()) {
    return false;
  }
  exchange.head.request.body =
      exchange.in.expose().subspan(exchange.head_size, static_cast<std::size_t>(exchange.head.content_length));
  enter(ConnectionState::kWorking);
  host_.dispatch(*this);
  return true;
}

// False when the head is not complete, or was answered already.
bool Connection::find_head() {
  Exchange& exchange = *exchange_;
  const HeadScanner::State state = exchange.scanner.scan(exchange.buffered());
  const bool malformed = state == HeadScanner::State::kMalformed;
  // What counts is where the bytes are, not with how many others they came: the malformed one is not scanned yet.
  const std::size_t size = exchange.scanner.size() + (malformed ? 1 : 0);
  if (size > host_.limits().head_bytes_max) {
    // A line that alone is longer has a target too long, or no end at all (RFC 9112, 3).
    const std::size_t line_end = exchange.buffered().find('\n');
    refuse(error_response(line_end < host_.limits().head_bytes_max ? 431 : 414));
  } else if (malformed) {
    refuse(error_response(400));
  } else if (state == HeadScanner::State::kComplete) {
    exchange.head_size = size;
    return accept_head();
  }
  return false;
}

bool Connection::accept_head() {
  Exchange& exchange = *exchange_;
  auto head = parse_head(exchange.buffered().substr(0, exchange.head_size), host_.limits());
  if (!head) {
    refuse(error_response(head.error().status));
    return false;
  }
  exchange.head = std::move(*head);
  exchange.form = error_form(exchange.head.request.path);
  exchange.head.request.metrics_listener = entrance_.metrics_listener;
  exchange.body_too = exchange.head.request.method != "HEAD";
  exchange.close = !exchange.head.keep_alive;
  if (auto response = host_.admit(*this)) {
    unread_ = exchange.head.content_length > 0;
    exchange.close = exchange.close || unread_;
    respond(std::move(*response));
    return false;
  }
  if (exchange.complete()) {
    return true;
  }
  host_.set_deadline(*this, deadline_for(host_.limits().body_max, exchange.head.content_length));
  return !exchange.head.expects_continue || ask_for_body();
}

// False when the connection is closed.
bool Connection::ask_for_body() {
  const IoResult written = transport_->write(as_bytes(kContinue), {});
  if (written.status == IoStatus::kDone && written.bytes == kContinue.size()) {
    return true;
  }
  close();  // a peer that has no room for one line does not read
  return false;
}

// Reads once. False when nothing came, or when it must not be read yet.
bool Connection::fill() {
  Exchange* const exchange = exchange_.get();
  const bool body = exchange != nullptr && exchange->head_size > 0;
  // What there is already may be filled, so that those who are nearly done make room for the others.
  if (body && exchange->filled == exchange->in.size() && host_.crowded()) {
    host_.await_memory(*this);
    return false;
  }
  std::span<std::uint8_t> into = host_.scratch();
  if (body) {
    make_room(exchange->filled + 1);
    into = exchange->in.expose_mutable().subspan(exchange->filled);
    into = into.first(std::min(into.size(), kReadBytesMax));
  }
  const IoResult got = transport_->read(into);
  readable_ = got.status == IoStatus::kDone && (ended_ || !got.drained);
  if (got.status == IoStatus::kClosed) {
    close();
  }
  if (got.status == IoStatus::kAgain && exchange == nullptr && transport_->holds_part()) {
    begin_exchange();  // a part of a TLS record costs as much as a request, and has no more time
  }
  if (got.status != IoStatus::kDone) {
    return false;
  }
  moved_ += got.bytes;
  if (body) {
    exchange->filled += got.bytes;
  } else {
    take(into.first(got.bytes));
  }
  return true;
}

void Connection::take(std::span<std::uint8_t> arrived) {
  if (exchange_ == nullptr) {
    begin_exchange();
  }
  Exchange& exchange = *exchange_;
  make_room(exchange.filled + arrived.size());
  std::copy(arrived.begin(), arrived.end(), exchange.in.expose_mutable().subspan(exchange.filled).begin());
  exchange.filled += arrived.size();
  wipe(arrived);
}

void Connection::begin_exchange() {
  exchange_ = std::make_unique<Exchange>();
  exchange_->began = host_.now();
  enter(ConnectionState::kReading);
  host_.set_deadline(*this, exchange_->began + host_.limits().head_max);
}

// Doubles what there is, within what the request can need; an ordinary request gets its size at once.
void Connection::make_room(std::size_t size) {
  Exchange& exchange = *exchange_;
  const std::size_t before = exchange.in.size();
  if (before >= size) {
    return;
  }
  const std::size_t bound = exchange.head_size == 0 ? host_.limits().head_bytes_max : exchange.size();
  const std::size_t step = exchange.head_size == 0 ? 2 * before : std::max(2 * before, kBodyBytesFirst);
  SecretBytes larger(std::max(size, std::min(bound, step)));
  std::copy_n(exchange.in.expose().begin(), exchange.filled, larger.expose_mutable().begin());
  charge(larger.size() - before);
  exchange.in = std::move(larger);
  if (exchange.head_size > 0) {  // it borrowed the memory from before
    const std::string_view creation = exchange.head.request.creation;
    const auto only_again = exchange.head.request.only_again;
    exchange.head = std::move(*parse_head(exchange.buffered().substr(0, exchange.head_size), kAnyHead));
    exchange.head.request.metrics_listener = entrance_.metrics_listener;
    exchange.head.request.address = exchange.address;
    exchange.head.request.principal = exchange.principal;
    exchange.head.request.creation = creation;
    exchange.head.request.only_again = only_again;
    exchange.route = Api::route(exchange.head.request.method, exchange.head.request.path);
  }
}

}  // namespace disposable
