#include "http/tls_transport.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "crypto/secret_bytes.h"

namespace disposable {

namespace {

using IoStatus = IoResult::Status;

// One TLS record (RFC 8446, 5.1).
constexpr std::size_t kRecordBytes = 1U << 14U;

IoResult io_result(const TlsProgress& progress) {
  switch (progress.status) {
    case TlsStatus::kDone:
      return {IoStatus::kDone, progress.bytes};
    case TlsStatus::kWantsRead:
    case TlsStatus::kWantsWrite:
      return {IoStatus::kAgain};
    case TlsStatus::kClosed:
    case TlsStatus::kFailed:
      break;
  }
  return {IoStatus::kClosed};
}

}  // namespace

IoResult TlsTransport::await_first_record() {
  std::array<std::uint8_t, kFirstRecordBytesMax> bytes;
  const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_PEEK);
  if (count <= 0) {
    return {count < 0 && (errno == EAGAIN || errno == EINTR) ? IoStatus::kAgain : IoStatus::kClosed};
  }
  const FirstRecord record = first_record(std::span(bytes).first(static_cast<std::size_t>(count)));
  const std::size_t awaited = std::max<std::size_t>(record.bytes_needed, 1);
  if (awaited != awaited_) {
    awaited_ = awaited;
    const int bytes_awaited = static_cast<int>(awaited);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVLOWAT, &bytes_awaited, sizeof(bytes_awaited));
  }
  switch (record.kind) {
    case FirstRecord::Kind::kNeedMore:
      return {IoStatus::kAgain};
    case FirstRecord::Kind::kComplete:
      return {IoStatus::kDone};
    case FirstRecord::Kind::kNotTls:
      break;
  }
  return {IoStatus::kClosed};
}

IoResult TlsTransport::handshake() {
  if (!session_) {
    const IoResult record = await_first_record();
    if (record.status != IoStatus::kDone) {
      return record;
    }
    session_.emplace(*std::exchange(context_, nullptr), socket_.get());
  }
  return io_result(session_->handshake());
}

IoResult TlsTransport::read(std::span<std::uint8_t> out) { return io_result(session_->read(out)); }

IoResult TlsTransport::write(ByteView head, ByteView body) {
  if (head.empty() || body.empty()) {
    return io_result(session_->write(head.empty() ? body : head));
  }
  // One record for both. Cut the same way when it has to be repeated.
  const std::size_t of_head = std::min(head.size(), kRecordBytes);
  const std::size_t of_body = std::min(body.size(), kRecordBytes - of_head);
  SecretBytes record(of_head + of_body);
  const std::span<std::uint8_t> bytes = record.expose_mutable();
  std::copy_n(head.begin(), of_head, bytes.begin());
  std::copy_n(body.begin(), of_body, bytes.subspan(of_head).begin());
  return io_result(session_->write(bytes));
}

void TlsTransport::finish_writing() {
  // Whether the alert leaves is the peer's luck: nothing waits for it.
  static_cast<void>(session_->close_notify());
  ::shutdown(socket_.get(), SHUT_WR);
}

IoResult TlsTransport::discard(std::span<std::uint8_t> scratch) {
  const ssize_t count = ::recv(socket_.get(), scratch.data(), scratch.size(), 0);
  if (count > 0) {
    return {IoStatus::kDone, static_cast<std::size_t>(count)};
  }
  return {count < 0 && (errno == EAGAIN || errno == EINTR) ? IoStatus::kAgain : IoStatus::kClosed};
}

}  // namespace disposable
