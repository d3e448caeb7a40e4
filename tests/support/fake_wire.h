// A connection without sockets. What the peer and the system do to it, the test says; that the connection layer keeps
// to the contract of Transport is checked here. One thread.

#pragma once

#include <string>

#include "http/transport.h"

namespace disposable {

struct FakeWire {
  std::string arrived;       // and not read yet
  bool ended = false;        // nothing more arrives
  bool says_drained = true;  // a short read says so; through TLS none does
  bool shaking_hands = false;
  bool reading_allowed = true;

  std::string written;
  std::size_t room = SIZE_MAX;          // so many bytes are still taken
  std::size_t room_at_once = SIZE_MAX;  // in one write
  bool blocked = false;                 // none was taken, so that an event follows when there is room
  std::string untaken;                  // what it was then
  bool cut_short = false;               // the last write was not taken as a whole
  bool broken = false;                  // writes fail
  bool finished = false;                // the peer was told the end
};

class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(FakeWire& wire) : wire_(wire) {}

  IoResult handshake() override { return {wire_.shaking_hands ? IoResult::Status::kAgain : IoResult::Status::kDone}; }
  bool shaking_hands() const override { return true; }
  IoResult read(std::span<std::uint8_t> out) override {
    check(!out.empty() && wire_.reading_allowed, "nothing is read while a request is being worked on");
    if (wire_.arrived.empty()) {
      return {wire_.ended ? IoResult::Status::kClosed : IoResult::Status::kAgain};
    }
    const std::size_t count = wire_.arrived.copy(reinterpret_cast<char*>(out.data()), out.size());
    wire_.arrived.erase(0, count);
    return {IoResult::Status::kDone, count, wire_.says_drained && count < out.size()};
  }
  IoResult write(ByteView head, ByteView body) override {
    const std::string all = std::string(as_text(head)).append(as_text(body));
    check(!all.empty() && !wire_.finished, "there is something to write, and nothing after the end");
    check(all.starts_with(wire_.untaken), "what was not taken comes first when a write is repeated");
    if (wire_.broken) {
      return {IoResult::Status::kClosed};
    }
    const std::size_t count = std::min({all.size(), wire_.room, wire_.room_at_once});
    wire_.blocked = count == 0;
    wire_.untaken = wire_.blocked ? all : "";
    wire_.cut_short = count < all.size();
    wire_.written.append(all, 0, count);
    wire_.room -= wire_.room == SIZE_MAX ? 0 : count;
    return count == 0 ? IoResult{IoResult::Status::kAgain} : IoResult{IoResult::Status::kDone, count};
  }
  void finish_writing() override { wire_.finished = true; }
  IoResult discard(std::span<std::uint8_t> scratch) override {
    check(wire_.finished, "nothing is dropped before everything is said");
    return read(scratch);
  }

 private:
  FakeWire& wire_;
};

}  // namespace disposable
