// TlsTransport: a Transport through TLS. Until a peer has sent a whole ClientHello it costs a socket and no more.

#pragma once

#include <optional>

#include "http/tls_session.h"
#include "http/transport.h"

namespace disposable {

class TlsTransport final : public Transport {
 public:
  TlsTransport(FileDescriptor socket, std::shared_ptr<const TlsContext> context)
      : socket_(std::move(socket)), context_(std::move(context)) {}

  IoResult handshake() override;
  bool shaking_hands() const override { return session_.has_value(); }
  IoResult read(std::span<std::uint8_t> out) override;
  bool holds_part() const override { return session_ && session_->holds_part(); }
  IoResult write(ByteView head, ByteView body) override;
  void finish_writing() override;
  std::string_view protocol() const override { return session_ ? session_->protocol() : std::string_view{}; }
  IoResult discard(std::span<std::uint8_t> scratch) override;

 private:
  // Whether the first record has arrived as a whole, so that the session may begin.
  IoResult await_first_record();

  const FileDescriptor socket_;
  std::shared_ptr<const TlsContext> context_;  // until the session has begun
  std::size_t awaited_ = 1;                    // bytes below which epoll says nothing
  std::optional<TlsSession> session_;
};

}  // namespace disposable
