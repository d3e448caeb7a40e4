// The head of an HTTP/1.x request, from bytes to a parsed head or a refusal (RFC 9112, sections 2 to 6).
//
// Stricter than the RFC wherever two readers of the same bytes could disagree about where a message ends: lines end
// with CR LF only, none is folded, none is empty before the request line; one Host, one Content-Length of digits only,
// no Transfer-Encoding. Content-Length is the only framing there is. After a refusal nothing that follows on the
// connection can be trusted: close it.
//
// Pure functions, thread-safe. What they return borrows the bytes.

#pragma once

#include <cstdint>

#include <tl/expected.hpp>

#include "http/limits.h"
#include "http/message.h"

namespace disposable {

// Finds the end of a head in what has arrived so far, without looking at any byte twice.
class HeadScanner {
 public:
  // Malformed as soon as a line does not end with CR LF, so that such a peer need not be waited for.
  enum class State : std::uint8_t { kIncomplete, kComplete, kMalformed };

  // `bytes` begins with what was given before.
  State scan(std::string_view bytes);
  // Of the head with its empty line, when complete.
  std::size_t size() const { return position_; }

 private:
  std::size_t position_ = 0;  // everything before it was looked at
  std::size_t line_begin_ = 0;
};

struct RequestHead {
  Request request;  // without body and address
  std::uint64_t content_length = 0;
  bool keep_alive = false;
  bool expects_continue = false;
};

// The answer to a head that is not accepted; its body is error_response(status).
struct HeadRefusal {
  int status = 400;
};

// `bytes` is one complete head, with its empty line.
// 400 malformed, 411 Transfer-Encoding, 414 target too long, 417 unknown expectation, 431 too many fields,
// 505 neither HTTP/1.1 nor HTTP/1.0.
tl::expected<RequestHead, HeadRefusal> parse_head(std::string_view bytes, const Limits& limits);

}  // namespace disposable
