// Transport: the bytes of one connection, plain or through TLS. Nothing here ever blocks.
//
// One thread at a time. Owns its socket.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/file_descriptor.h"

namespace disposable {

struct IoResult {
  enum class Status : std::uint8_t {
    kDone,    // `bytes` were moved, at least one
    kAgain,   // nothing until the socket is ready
    kClosed,  // the peer sends nothing more, or the connection is broken
  };
  Status status = Status::kAgain;
  std::size_t bytes = 0;
  bool drained = false;  // after a read: no more bytes until the socket is ready, but perhaps the end
};

class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  // To be called until it is done (`bytes` is 0 then), before anything else.
  virtual IoResult handshake() = 0;
  // Whether the peer has sent so much that the handshake costs memory.
  virtual bool shaking_hands() const { return false; }
  virtual IoResult read(std::span<std::uint8_t> out) = 0;
  // Whether memory is held for bytes of the peer that read() cannot give out yet.
  virtual bool holds_part() const { return false; }
  // As much as fits of `head` and then of `body`. When called again, what was not taken must come first.
  virtual IoResult write(ByteView head, ByteView body) = 0;
  // The peer sees the end of what was written; reading goes on.
  virtual void finish_writing() = 0;
  // The version of TLS, for the log; empty without.
  virtual std::string_view protocol() const { return {}; }
  // After finish_writing(): reads what the peer still sends and forgets it.
  virtual IoResult discard(std::span<std::uint8_t> scratch) = 0;
};

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(FileDescriptor socket) : socket_(std::move(socket)) {}

  IoResult handshake() override { return {IoResult::Status::kDone}; }
  IoResult read(std::span<std::uint8_t> out) override;
  IoResult write(ByteView head, ByteView body) override;
  void finish_writing() override;
  IoResult discard(std::span<std::uint8_t> scratch) override { return read(scratch); }

 private:
  const FileDescriptor socket_;
};

}  // namespace disposable
