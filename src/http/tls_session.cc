#include "http/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <new>

namespace disposable {

namespace {

constexpr std::uint8_t kHandshakeType = 22;
constexpr std::uint8_t kMajorVersion = 3;
constexpr std::uint8_t kMinorVersionMax = 4;
constexpr std::uint8_t kClientHello = 1;
// A handshake takes five at most, and a client renews its keys after gigabytes. OpenSSL has no limit: in one call of
// SSL_read() it would follow KeyUpdates (1.3) or refuse renegotiations (1.2) for as long as a peer sends them, and the
// thread of the loop with it.
constexpr int kMessagesMax = 32;

}  // namespace

FirstRecord first_record(ByteView peeked) {
  constexpr FirstRecord kNotTls{FirstRecord::Kind::kNotTls, 0};
  const auto at = [&](std::size_t index, std::uint8_t low, std::uint8_t high) {
    return peeked.size() <= index || (peeked[index] >= low && peeked[index] <= high);
  };
  if (!at(0, kHandshakeType, kHandshakeType) || !at(1, kMajorVersion, kMajorVersion) || !at(2, 0, kMinorVersionMax) ||
      !at(kRecordHeaderBytes, kClientHello, kClientHello)) {
    return kNotTls;
  }
  if (peeked.size() < kRecordHeaderBytes) {
    return {FirstRecord::Kind::kNeedMore, kRecordHeaderBytes};
  }
  const std::size_t total = kRecordHeaderBytes + (std::size_t{peeked[3]} << 8U) + peeked[4];
  if (total == kRecordHeaderBytes || total > kFirstRecordBytesMax) {
    return kNotTls;
  }
  return peeked.size() < total ? FirstRecord{FirstRecord::Kind::kNeedMore, total}
                               : FirstRecord{FirstRecord::Kind::kComplete, 0};
}

void TlsSession::Free::operator()(ssl_st* session) const { SSL_free(session); }

TlsSession::TlsSession(const TlsContext& context, int socket) : session_(SSL_new(context.handle())) {
  if (session_ == nullptr || SSL_set_fd(session_.get(), socket) != 1) {
    ERR_clear_error();
    throw std::bad_alloc();
  }
  SSL_set_accept_state(session_.get());
  SSL_set_msg_callback(session_.get(), &TlsSession::count_message);
  SSL_set_msg_callback_arg(session_.get(), this);
}

// Source: SSL_CTX_set_msg_callback(3). A callback cannot fail, but it can take the socket away: what has arrived is
// worked off (16 KiB at most), then the connection counts as closed.
// NOLINTNEXTLINE(readability-function-size): the parameters are OpenSSL's
void TlsSession::count_message(int sent, int /*version*/, int type, const void* /*bytes*/, std::size_t /*size*/,
                               ssl_st* session, void* self) {
  if (sent == 0 && type == SSL3_RT_HANDSHAKE && ++static_cast<TlsSession*>(self)->messages_ > kMessagesMax) {
    BIO_set_fd(SSL_get_rbio(session), -1, BIO_NOCLOSE);
  }
}

// Source: SSL_get_error(3), which needs an empty queue before the call it asks about.
TlsStatus TlsSession::status_of(int result) {
  const int error = SSL_get_error(session_.get(), result);
  ERR_clear_error();
  switch (error) {
    case SSL_ERROR_NONE:
      return TlsStatus::kDone;
    case SSL_ERROR_WANT_READ:
      return TlsStatus::kWantsRead;
    case SSL_ERROR_WANT_WRITE:
      return TlsStatus::kWantsWrite;
    case SSL_ERROR_ZERO_RETURN:
    case SSL_ERROR_SYSCALL:
      return TlsStatus::kClosed;
    default:
      return TlsStatus::kFailed;
  }
}

TlsProgress TlsSession::handshake() { return {status_of(SSL_do_handshake(session_.get())), 0}; }

TlsProgress TlsSession::read(std::span<std::uint8_t> out) {
  std::size_t count = 0;
  const std::uint64_t before = BIO_number_read(SSL_get_rbio(session_.get()));
  const int result = SSL_read_ex(session_.get(), out.data(), out.size(), &count);
  const TlsStatus status = status_of(result);
  // SSL_has_pending(3) would say no after exactly the header of a record, with a whole buffer held for it.
  holds_part_ = status != TlsStatus::kDone && (holds_part_ || BIO_number_read(SSL_get_rbio(session_.get())) > before);
  return {status, count};
}

TlsProgress TlsSession::write(ByteView bytes) {
  std::size_t count = 0;
  const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &count);
  return {status_of(result), count};
}

std::string_view TlsSession::protocol() const { return SSL_get_version(session_.get()); }

TlsProgress TlsSession::close_notify() {
  const int result = SSL_shutdown(session_.get());
  return {result == 0 ? TlsStatus::kDone : status_of(result), 0};  // 0: sent, and the peer's own is not here yet
}

}  // namespace disposable
