#include "http/transport.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

namespace disposable {

namespace {

bool may_come_later() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

IoResult PlainTransport::read(std::span<std::uint8_t> out) {
  for (;;) {
    const ssize_t count = ::recv(socket_.get(), out.data(), out.size(), 0);
    if (count > 0) {
      const auto bytes = static_cast<std::size_t>(count);
      return {IoResult::Status::kDone, bytes, bytes < out.size()};  // epoll(7), question 9
    }
    if (count == 0 || (errno != EINTR && !may_come_later())) {
      return {IoResult::Status::kClosed};
    }
    if (may_come_later()) {
      return {IoResult::Status::kAgain};
    }
  }
}

IoResult PlainTransport::write(ByteView head, ByteView body) {
  std::array<iovec, 2> parts{
      {{const_cast<std::uint8_t*>(head.data()), head.size()}, {const_cast<std::uint8_t*>(body.data()), body.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = body.empty() ? 1 : parts.size();
  for (;;) {
    const ssize_t count = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (count >= 0) {
      return {IoResult::Status::kDone, static_cast<std::size_t>(count)};
    }
    if (may_come_later()) {
      return {IoResult::Status::kAgain};
    }
    if (errno != EINTR) {
      return {IoResult::Status::kClosed};
    }
  }
}

void PlainTransport::finish_writing() { ::shutdown(socket_.get(), SHUT_WR); }

}  // namespace disposable
