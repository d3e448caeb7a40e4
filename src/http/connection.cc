#include "http/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "http/response.h"

namespace disposable {

namespace {

// Bodies are read into memory that doubles, so that announcing a large body costs a peer as much as sending it.
constexpr std::size_t kBodyBytesFirst = 64 * 1024;
// A peer that is refused while it sends gets this long, and this much read, to see the answer before a reset.
constexpr std::chrono::seconds kLingerMax{1};
constexpr std::size_t kLingerBytesMax = 16 * 1024 * 1024;

// What a connection has for certain while others wait for its worker: so long for requests, and so long between two.
// Long enough that giving way costs little, and that a client hardly ever sends into a connection being closed.
constexpr std::chrono::milliseconds kTurn{50};

SteadyTime after(std::chrono::milliseconds duration) { return std::chrono::steady_clock::now() + duration; }

}  // namespace

void Connection::serve() {
  turn_end_ = after(kTurn);
  SteadyTime idle_deadline = after(server_.options.head_max);
  while (wait_for_request(idle_deadline) && answer_one()) {
    idle_deadline = after(server_.options.idle_max);
  }
  if (unread_ || filled_ > 0) {
    linger();
  }
}

bool Connection::wait_for_request(SteadyTime deadline) {
  const SteadyTime turn_end = after(kTurn);
  while (filled_ == 0) {
    const bool may_give_way = std::chrono::steady_clock::now() >= turn_end;
    std::array<pollfd, 3> entries{{{socket_, POLLIN, 0},
                                   {server_.stop_event.get(), POLLIN, 0},
                                   {may_give_way ? server_.crowded_event.get() : -1, POLLIN, 0}}};
    ::poll(entries.data(), entries.size(), poll_timeout(may_give_way ? deadline : std::min(deadline, turn_end)));
    if (entries[0].revents != 0) {
      return true;
    }
    if (entries[1].revents != 0 || std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    std::uint64_t token = 0;
    if (entries[2].revents != 0 && ::read(server_.crowded_event.get(), &token, sizeof(token)) > 0 &&
        server_.crowded()) {
      return false;
    }
  }
  return true;
}

bool Connection::answer_one() {
  const SteadyTime deadline = after(server_.options.head_max);
  HeadScan scan = scan_head(buffered());
  while (scan.state == HeadScan::State::kIncomplete && filled_ < in_.size()) {
    const std::size_t count = read_some(socket_, in_.expose_mutable().subspan(filled_), deadline);
    if (count == 0) {
      return filled_ > 0 && std::chrono::steady_clock::now() >= deadline && refuse(408);
    }
    filled_ += count;
    scan = scan_head(buffered());
  }
  if (scan.state != HeadScan::State::kComplete) {
    return refuse(scan.state == HeadScan::State::kMalformed ? 400 : 431);
  }
  auto head = parse_head(buffered().substr(0, scan.size));
  return head ? answer(*head, scan.size) : refuse(head.error().status);
}

bool Connection::answer(RequestHead& head, std::size_t head_size) {
  Request& request = head.request;
  request.address = address_;
  const bool body_too = request.method != "HEAD";
  if (auto refusal = server_.api.refuse(request, head.content_length)) {
    unread_ = head.content_length > 0;
    consume(head_size);
    return send(*refusal, body_too, head.keep_alive && !unread_);
  }
  SecretBytes body;
  if (!read_body(head, head_size, body)) {
    return refuse(408);
  }
  request.body = body.expose();
  Response response = handle(request);
  wipe_dead_stack();
  consume(head_size + buffered_body_);
  if (const Result<void> durable = response.ticket.wait(); !durable) {
    response = unavailable(durable.error().retry_after);
    response.log_detail = durable.error().detail;
  }
  return send(response, body_too, head.keep_alive);
}

Response Connection::handle(const Request& request) {
  try {
    return server_.api.handle(request);
  } catch (...) {  // its text may repeat the request
    Response response = error_response(500);
    response.log_detail = "an exception left a handler";
    return response;
  }
}

bool Connection::read_body(const RequestHead& head, std::size_t head_size, SecretBytes& body) {
  const auto length = static_cast<std::size_t>(head.content_length);  // refuse() has bounded it
  buffered_body_ = std::min(length, filled_ - head_size);
  if (head.expects_continue && buffered_body_ < length &&
      !write_all(socket_, as_bytes("HTTP/1.1 100 Continue\r\n\r\n"), {}, after(server_.options.response_max))) {
    return false;
  }
  const SteadyTime deadline = after(server_.options.body_max);
  body = SecretBytes(std::min(length, std::max(buffered_body_, kBodyBytesFirst)));
  const ByteView buffered_part = in_.expose().subspan(head_size, buffered_body_);
  std::copy(buffered_part.begin(), buffered_part.end(), body.expose_mutable().begin());
  for (std::size_t got = buffered_body_; got < length;) {
    if (got == body.size()) {
      SecretBytes larger(std::min(length, 2 * got));
      std::copy(body.expose().begin(), body.expose().end(), larger.expose_mutable().begin());
      body = std::move(larger);
    }
    const std::size_t count = read_some(socket_, body.expose_mutable().subspan(got), deadline);
    if (count == 0) {
      return false;
    }
    got += count;
  }
  return true;
}

bool Connection::refuse(int status) {
  unread_ = true;
  return send(error_response(status), /*body_too=*/true, /*keep_alive=*/false);
}

bool Connection::send(const Response& response, bool body_too, bool keep_alive) {
  if (!response.log_detail.empty()) {
    server_.log("answered " + std::to_string(response.status) + ": " + response.log_detail);
  }
  const bool give_way = server_.crowded() && std::chrono::steady_clock::now() >= turn_end_;
  const bool close = !keep_alive || server_.stopping || give_way;
  const std::string head = format_(response, close);
  const ByteView body = body_too ? response.body.expose() : ByteView{};
  return write_all(socket_, as_bytes(head), body, after(server_.options.response_max)) && !close;
}

// Reads on for a moment: closing while bytes are unread would reset the connection and destroy the answer.
void Connection::linger() {
  ::shutdown(socket_, SHUT_WR);
  const SteadyTime deadline = after(kLingerMax);
  for (std::size_t total = 0; total < kLingerBytesMax;) {
    const std::size_t count = read_some(socket_, in_.expose_mutable(), deadline);
    if (count == 0) {
      return;
    }
    total += count;
  }
}

void Connection::consume(std::size_t size) {
  const std::span<std::uint8_t> bytes = in_.expose_mutable().first(filled_);
  std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(size), bytes.end(), bytes.begin());
  filled_ -= size;
  wipe(bytes.subspan(filled_));
}

}  // namespace disposable
