// Request and Response: what the connection layer hands to Api and takes back.
//
// Thread-compatible values. A Request borrows everything from the connection layer, which owns (and wipes) the bytes
// and keeps them until the response is ready. A Response owns its body and wipes it.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ticket.h"
#include "crypto/secret_bytes.h"

namespace disposable {

struct HeaderField {
  std::string_view name;
  std::string_view value;
};

// Equality of ASCII text without regard to case, as header names and media types compare (RFC 9110, 5.1 and 8.3.1).
bool equal_ignoring_case(std::string_view a, std::string_view b);

struct Request {
  std::string_view method;
  std::string_view path;  // as it was sent: not decoded, no query
  std::vector<HeaderField> headers;
  ByteView body;
  std::string_view address;            // the client's, in text
  bool metrics_listener = false;       // it came in where only metrics and health are told
  std::string_view creation = "open";  // who may create here, a constant: CreatorRules::creation()
  std::string_view principal{};        // of a creation: the id of the token that was shown; empty without one
  // Of a creation whose creator may store nothing more for so long: only what repeats an earlier one is answered.
  std::optional<std::chrono::seconds> only_again{};

  // The first field of that name in any case; nothing when there is none.
  std::optional<std::string_view> header(std::string_view name) const;
  // How many fields of that name there are.
  std::size_t count(std::string_view name) const;
};

struct ResponseHeader {
  std::string_view name;  // a constant
  std::string value;
};

struct Response {
  int status = 500;
  std::string_view content_type{};      // a constant
  std::string_view fixed_headers{};     // constant lines, each with its line end: what every response of a kind carries
  std::vector<ResponseHeader> headers;  // without Content-Length and Connection: those belong to the connection layer
  SecretBytes body;
  ByteView constant_body{};  // instead of `body`: lives as long as the program, so that slow readers cost no memory
  // The response may leave only when this is durable; when it cannot become durable, unavailable() leaves instead.
  Ticket ticket{};
  bool repeatable = false;  // who asks again gets it again
  bool repeats = false;     // of a creation: what was answered before; nothing was stored
  bool denied = false;      // a wrong passphrase or proof, which counts
  // For the operator's log and never for the client: why a 5xx came to be. Empty otherwise.
  std::string log_detail{};

  ByteView content() const { return constant_body.empty() ? body.expose() : constant_body; }
};

}  // namespace disposable
