// Exchange: one request on its way to an answer, with everything that is held for it.
//
// Exists only while there is a request, so that an idle connection costs next to nothing. A value of its connection.

#pragma once

#include "http/api.h"
#include "http/client_address.h"
#include "http/http_head.h"
#include "http/problem.h"
#include "http/timer_wheel.h"

namespace disposable {

struct Exchange {
  SecretBytes in;  // what has arrived: the request, and what was sent ahead of its turn
  std::size_t filled = 0;
  SteadyTime began{};  // when the first byte was seen
  HeadScanner scanner{};
  std::size_t head_size = 0;  // 0: the head is not complete
  RequestHead head{};         // borrows `in`
  Api::Route route{};         // borrows `head`
  ClientAddress client{};
  std::string address{};                // of the client, in text
  std::string principal{};              // of a creation: the id of the token that was shown; empty without one
  ErrorForm form = ErrorForm::kDetail;  // of its errors; as of v1 until the head is known
  bool admitted = false;                // the limits have counted it

  Response response{};
  std::string response_head{};
  bool body_too = true;  // the response's body is sent, which it is not to HEAD
  bool close = false;    // no request is read after the response
  std::size_t sent = 0;
  bool blocked = false;  // the peer did not take the response at once
  SteadyTime blocked_since{};
  std::size_t sent_when_blocked = 0;

  std::uint64_t charged = 0;  // bytes of `in` and of an unread response that are counted against the host's budget

  std::string_view buffered() const { return as_text(in.expose().first(filled)); }
  std::size_t size() const { return head_size + static_cast<std::size_t>(head.content_length); }
  bool complete() const { return head_size > 0 && filled >= size(); }
  std::size_t response_size() const { return response_head.size() + (body_too ? response.content().size() : 0); }
};

}  // namespace disposable
