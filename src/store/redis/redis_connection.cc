#include "store/redis/redis_connection.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>

namespace disposable {

namespace {

std::chrono::milliseconds left(Deadline deadline) {
  return std::max(std::chrono::milliseconds{0},
                  std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()));
}

std::string connect_failure(const RedisPlace& place, const redisContext* context) {
  return "cannot reach Redis at " + to_text(place) + ": " +
         (context->errstr[0] == '\0' ? "no answer" : context->errstr);
}

}  // namespace

void FreeRedisReply::operator()(redisReply* reply) const { freeReplyObject(reply); }
void RedisConnection::FreeContext::operator()(redisContext* context) const { redisFree(context); }

std::string_view reply_text(const redisReply& reply) {
  return reply.str == nullptr ? std::string_view{} : std::string_view(reply.str, reply.len);
}

std::int64_t reply_number(const redisReply& reply) { return reply.type == REDIS_REPLY_INTEGER ? reply.integer : 0; }

bool is_nil(const redisReply& reply) { return reply.type == REDIS_REPLY_NIL; }

std::string reply_error(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ERROR) {
    return {};
  }
  constexpr std::size_t kSizeMax = 200;
  std::string_view text = reply_text(reply);
  for (const std::string_view end : {", with args beginning with", "\n", "\r"}) {
    text = text.substr(0, text.find(end));
  }
  return std::string(text.empty() ? "an error without words" : text.substr(0, kSizeMax));
}

std::span<redisReply* const> reply_elements(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ARRAY ? std::span<redisReply* const>(reply.element, reply.elements)
                                         : std::span<redisReply* const>{};
}

std::string to_text(const RedisHost& host) {
  const bool v6 = host.name.find(':') != std::string::npos;
  return (v6 ? '[' + host.name + ']' : host.name) + ':' + std::to_string(host.port);
}

std::string to_text(const RedisPlace& place) {
  return place.socket_path.empty() ? to_text(place.host) : place.socket_path;
}

RedisConnection::RedisConnection(Context context, const RedisPlace& place)
    : place_(to_text(place)), context_(std::move(context)) {}

RedisConnection::~RedisConnection() {
  if (broken_) {
    const linger reset{1, 0};
    ::setsockopt(context_->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
}

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const RedisPlace& place, const RedisTls* tls,
                                                               Deadline deadline) {
  redisOptions options{};
  const std::chrono::milliseconds timeout = std::max(left(deadline), std::chrono::milliseconds{1});
  const timeval connect_timeout{timeout.count() / 1000, timeout.count() % 1000 * 1000};
  options.connect_timeout = &connect_timeout;
  if (place.socket_path.empty()) {
    REDIS_OPTIONS_SET_TCP(&options, place.host.name.c_str(), place.host.port);
  } else {
    REDIS_OPTIONS_SET_UNIX(&options, place.socket_path.c_str());
  }
  Context context(redisConnectWithOptions(&options));
  if (context == nullptr) {
    throw std::bad_alloc();
  }
  if (context->err != 0) {
    return fail(Errc::kUnavailable, connect_failure(place, context.get()));
  }
  // From here on it is we who wait, so that a deadline holds however the bytes drip.
  context->flags &= ~REDIS_BLOCK;
  const int flags = ::fcntl(context->fd, F_GETFL);
  if (flags < 0 || ::fcntl(context->fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(context->fd, F_SETFD, FD_CLOEXEC) != 0) {
    return fail(Errc::kUnavailable, "cannot set up a connection to Redis");
  }
  std::unique_ptr<RedisConnection> connection(new RedisConnection(std::move(context), place));
  if (tls != nullptr) {
    Result<void> done = connection->shake_hands(tls->session_for(place.host.name), deadline);
    if (!done) {
      return fail(done.error());
    }
  }
  return connection;
}

Result<void> RedisConnection::shake_hands(RedisTls::Session session, Deadline deadline) {
  RedisTls::forget_errors();
  if (redisInitiateSSL(context_.get(), session.get()) != REDIS_OK) {
    return failure(RedisTls::failure_of(session.get()));
  }
  tls_ = session.release();
  for (;;) {
    const int result = SSL_do_handshake(tls_);
    if (result == 1) {
      return {};
    }
    const int wanted = SSL_get_error(tls_, result);
    if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) {
      return failure(RedisTls::failure_of(tls_));
    }
    if (!wait(wanted == SSL_ERROR_WANT_WRITE, deadline)) {
      return failure("no answer to the TLS handshake; is it a port with TLS?");
    }
  }
}

tl::unexpected<Error> RedisConnection::failure(std::string_view what) {
  broken_ = true;
  return fail(Errc::kUnavailable, "Redis at " + place_ + ": " + std::string(what));
}

bool RedisConnection::wait(bool to_write, Deadline deadline) const {
  pollfd socket{context_->fd, static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN), 0};
  for (;;) {
    const int ready = ::poll(&socket, 1, static_cast<int>(left(deadline).count()));
    if (ready >= 0 || errno != EINTR) {
      return ready != 0;
    }
  }
}

bool RedisConnection::stale() const {
  pollfd socket{context_->fd, POLLIN, 0};
  return ::poll(&socket, 1, 0) != 0;
}

Result<RedisReply> RedisConnection::receive(Deadline deadline) {
  for (;;) {
    void* reply = nullptr;
    if (redisGetReplyFromReader(context_.get(), &reply) != REDIS_OK) {
      return failure("it does not answer like a Redis");
    }
    if (reply != nullptr) {
      return RedisReply(static_cast<redisReply*>(reply));
    }
    int written = 0;
    const std::size_t unsent = sdslen(context_->obuf);
    const bool moving = redisBufferWrite(context_.get(), &written) == REDIS_OK;
    sent_ = sent_ || sdslen(context_->obuf) < unsent;
    if (!moving || redisBufferRead(context_.get()) != REDIS_OK) {
      return failure(tls_ != nullptr ? RedisTls::failure_of(tls_) : context_->errstr);
    }
    if (redisGetReplyFromReader(context_.get(), &reply) == REDIS_OK && reply != nullptr) {
      return RedisReply(static_cast<redisReply*>(reply));
    }
    if ((tls_ == nullptr || SSL_pending(tls_) == 0) && !wait(written == 0, deadline)) {
      return failure("no answer in time");
    }
  }
}

Result<std::vector<RedisReply>> RedisConnection::exchange(std::span<const RedisCommand> commands, Deadline deadline) {
  sent_ = false;
  if (tls_ != nullptr) {
    RedisTls::forget_errors();
  }
  for (const RedisCommand& command : commands) {
    std::vector<const char*> words;
    std::vector<std::size_t> sizes;
    for (const std::string& word : command) {
      words.push_back(word.data());
      sizes.push_back(word.size());
    }
    if (redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), words.data(), sizes.data()) !=
        REDIS_OK) {
      return failure("out of memory");
    }
  }
  std::vector<RedisReply> replies;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    Result<RedisReply> reply = receive(deadline);
    if (!reply) {
      return fail(reply.error());
    }
    replies.push_back(std::move(*reply));
  }
  return replies;
}

std::string hiredis_version() {
  return std::to_string(HIREDIS_MAJOR) + "." + std::to_string(HIREDIS_MINOR) + "." + std::to_string(HIREDIS_PATCH);
}

}  // namespace disposable
