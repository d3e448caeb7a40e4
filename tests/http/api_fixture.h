// An Api over a vault with fakes, called as a function. Every response is checked against what all of them promise.

#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "http/api.h"
#include "http/problem.h"
#include "support/vault_fixture.h"

namespace disposable {

inline std::string body_of(const Response& response) { return std::string(as_text(response.content())); }

// The header's value; "(none)" when it is not there.
inline std::string header_of(const Response& response, std::string_view name) {
  if (name == "Content-Type") {
    return std::string(response.content_type);
  }
  for (const ResponseHeader& header : response.headers) {
    if (header.name == name) {
      return header.value;
    }
  }
  const std::string line_begin = std::string(name) + ": ";
  const std::string lines = "\r\n" + std::string(response.fixed_headers);
  if (const std::size_t at = lines.find("\r\n" + line_begin); at != std::string::npos) {
    const std::size_t value = at + 2 + line_begin.size();
    return lines.substr(value, lines.find("\r\n", value) - value);
  }
  return "(none)";
}

// {"detail":"..."} as it is sent.
inline std::string detail(std::string_view sentence) { return "{\"detail\":\"" + std::string(sentence) + "\"}"; }

struct Call {
  std::string_view method;
  std::string_view path;
  std::string_view body{};
  std::vector<HeaderField> headers{};
};

inline Response call_api(const Api& api, const Call& call) {
  const Request request{call.method, call.path, call.headers, as_bytes(call.body), "192.0.2.7"};
  Response response = api.handle(request);
  CAPTURE(std::string(call.method));
  CAPTURE(std::string(call.path));
  CHECK(header_of(response, "X-Content-Type-Options") == "nosniff");
  CHECK(header_of(response, "Referrer-Policy") == "no-referrer");
  if (call.path.starts_with("/api")) {
    const bool v2 = error_form(call.path) == ErrorForm::kProblem;
    const bool bytes = response.status == 200 && call.path == "/api/v2/secrets/retrieve";
    CHECK(header_of(response, "Content-Type") == (v2 && response.status >= 400 ? "application/problem+json"
                                                  : bytes                      ? "application/octet-stream"
                                                                               : "application/json"));
    CHECK(header_of(response, "Cache-Control") == "no-cache, no-store, must-revalidate");
    CHECK(header_of(response, "Pragma") == "no-cache");
    CHECK(header_of(response, "Expires") == "0");
  }
  for (const std::string_view name : {"ETag", "Server", "Content-Encoding", "Last-Modified", "Set-Cookie"}) {
    CHECK(header_of(response, name) == "(none)");
  }
  if (response.status == 429 || response.status == 503 || response.status == 507) {
    CHECK(std::stoi(header_of(response, "Retry-After")) >= 1);
  }
  // Every status is one that the table, and so the documentation, announces for the operation.
  for (const Api::Operation& operation : Api::operations()) {
    const std::string_view stem = operation.pattern.substr(0, operation.pattern.find('{'));
    const bool exact = stem == operation.pattern
                           ? call.path == stem
                           : call.path.starts_with(stem) && call.path.size() > stem.size() &&
                                 call.path.substr(stem.size()).find('/') == std::string_view::npos;
    if (exact && (operation.method == call.method || (operation.head_too && call.method == "HEAD"))) {
      CHECK(std::find(operation.statuses.begin(), operation.statuses.end(), response.status) !=
            operation.statuses.end());
    }
  }
  return response;
}

struct ApiFixture {
  VaultFixture vault;
  Readiness readiness{};
  BodyLimits limits{.secret_bytes_max = 64, .upload_bytes_max = 256, .passphrase_bytes_max = 16};
  Api api{Api::Parts{vault.vault,
                     [this] { return readiness; },
                     limits,
                     {{"", "text/html; charset=utf-8", as_bytes("<!doctype html>")},
                      {"docs.js", "text/javascript; charset=utf-8", as_bytes("start()")}},
                     [](MetricsText& text) { text.gauge("a", "A.", std::uint64_t{1}); }}};

  MemoryStore& store() { return vault.store; }
  Response call(const Call& what) const { return call_api(api, what); }

  // The key that creation answered, as text.
  std::string create(std::string_view body) const {
    const std::string answer = body_of(call({"POST", "/api/v1/secret", body}));
    const std::string_view head = "{\"secret_key\":\"";
    REQUIRE(answer.starts_with(head));
    REQUIRE(answer.size() == head.size() + SecretKey::kTextSize + 2);
    return answer.substr(head.size(), SecretKey::kTextSize);
  }
};

}  // namespace disposable
