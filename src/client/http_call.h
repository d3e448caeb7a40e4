// One request to a server over HTTP/1.1, by cpp-httplib: on a connection of its own, with TLS 1.2 or newer where the
// URL says https, the certificate and its names verified, no redirect followed, no proxy. Thread-safe.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "client/server_url.h"
#include "crypto/secret_bytes.h"

namespace disposable {

struct HttpField {
  std::string name;
  std::string value;  // no control characters
};

struct HttpRequest {
  std::string method = "POST";
  std::string path;  // below the server's own
  std::string content_type;
  ByteView body;  // borrowed while the call lasts
  std::vector<HttpField> fields;
  std::size_t answer_bytes_max = 64U << 10U;  // a server that sends more, or says so, is not listened to
  std::uint64_t answer_bytes = 0;             // as many are expected; for those who give a call its time
  bool head_only = false;                     // of the answer; the connection ends with it
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpField> fields;
  SecretBytes body;

  // Empty when there is none of that name, in whichever case.
  std::string_view field(std::string_view name) const;
  // RFC 9110, 10.2.3, in seconds; a date counts as none, which is 0.
  std::chrono::seconds retry_after() const;
};

struct HttpFailure {
  bool sent = false;       // the server may have got the request and acted on it
  std::string reason;      // for a person; nothing of the request is in it
  bool too_large = false;  // there is an answer, and it would be the same the next time
};

using HttpProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

struct HttpSettings {
  std::string ca_file;  // certificates to trust; empty: the system's
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds silence_timeout{30'000};  // how long the other side may do nothing
  // Asked for each address before it is connected to; empty: any will do.
  std::function<bool(const std::string& address)> may_connect;
  HttpProgress sent;
  HttpProgress received;
  // Told of each socket before it connects; see CallWatch. May be empty.
  std::function<void(int socket)> opened;
  std::stop_token stop;  // requested, no name is looked up any more and no further address tried
  std::string user_agent = "disposable-secrets";
};

// Tries the addresses of the host one after the other. SIGPIPE must be blocked or ignored: OpenSSL writes with write().
tl::expected<HttpResponse, HttpFailure> call_http(const ServerUrl& server, const HttpRequest& request,
                                                  const HttpSettings& settings);

// The file of certificates that this system trusts; empty when none of the usual places has one.
std::string system_ca_file();

}  // namespace disposable
