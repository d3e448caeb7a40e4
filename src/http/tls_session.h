// TlsSession: one connection's TLS, the server's side, over its non-blocking socket. Never blocks.
//
// Edge-triggered epoll: a call that moves less than all is repeated until it says kWantsRead or kWantsWrite; only then
// a later event of the socket is certain. A session may hold bytes that the socket does not have any more, so whoever
// stops reading earlier must come back by himself. Each direction may want the other one: a read that wants to write
// goes on when the socket is writable, and the other way round.
//
// One thread at a time. SIGPIPE must be blocked or ignored (app/stop_signal.h): OpenSSL writes with write().

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "http/tls_context.h"

struct ssl_st;  // OpenSSL's SSL

namespace disposable {

// What is seen of a connection's first bytes, before anything is allocated for it.
struct FirstRecord {
  enum class Kind : std::uint8_t {
    kNeedMore,
    kComplete,
    kNotTls,  // plain HTTP, or anything else that no handshake begins with
  };
  Kind kind = Kind::kNeedMore;
  // For kNeedMore: as many bytes must have arrived before it is worth to look again. With SO_RCVLOWAT set to it, epoll
  // stays silent until then, and a peer that drips its ClientHello costs neither memory nor time.
  std::size_t bytes_needed = 0;
};

// The header of a record (RFC 8446, 5.1): type 22, version 3.x, length; then at most 2^14 bytes, here beginning with a
// ClientHello.
inline constexpr std::size_t kRecordHeaderBytes = 5;
inline constexpr std::size_t kFirstRecordBytesMax = kRecordHeaderBytes + (1U << 14U);

// `peeked` is what the connection has sent so far, read with MSG_PEEK; no more than its first kFirstRecordBytesMax
// bytes matter. Only the record is judged; a ClientHello in several records is complete with its first.
FirstRecord first_record(ByteView peeked);

enum class TlsStatus : std::uint8_t {
  kDone,
  kWantsRead,   // call again when the socket is readable
  kWantsWrite,  // call again when the socket is writable
  kClosed,      // the peer will send nothing more, with or without close_notify; the connection may be broken
  kFailed,      // the peer breaks the protocol or has no version or suite in common; it was told so by an alert
};

struct TlsProgress {
  TlsStatus status = TlsStatus::kDone;
  std::size_t bytes = 0;  // moved; more than zero exactly when a read or write is kDone
};

// After kFailed only destruction is left. After kClosed from read() a response may still be written: a peer may close
// only its own direction.
class TlsSession {
 public:
  // Borrows the socket, which must stay open as long as the session.
  TlsSession(const TlsContext& context, int socket);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession() = default;

  // To be repeated until kDone; then bytes can be read and written.
  TlsProgress handshake();
  // Into `out`, which is not empty; of one record at most.
  TlsProgress read(std::span<std::uint8_t> out);
  // Whether read() has taken the beginning of something that is not complete yet, which costs 17 KiB.
  bool holds_part() const { return holds_part_; }
  // `bytes` is not empty; one record (16 KiB) at most is taken. After kWantsWrite or kWantsRead the next call must
  // bring the same bytes again (they may have moved, and more may follow them): their record is sealed already.
  TlsProgress write(ByteView bytes);
  // Tells the peer that nothing more will come. Does not wait for its answer: kDone when the alert has left. Not to be
  // called while a write is unfinished.
  TlsProgress close_notify();
  // "TLSv1.3".
  std::string_view protocol() const;

 private:
  struct Free {
    void operator()(ssl_st* session) const;
  };

  TlsStatus status_of(int result);
  static void count_message(int sent, int version, int type, const void* bytes, std::size_t size, ssl_st* session,
                            void* self);

  std::unique_ptr<ssl_st, Free> session_;
  bool holds_part_ = false;
  int messages_ = 0;  // of the handshake protocol, received
};

}  // namespace disposable
