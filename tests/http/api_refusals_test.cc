// Goal: every refusal of the design, and that only a GET spends. Method: Api as a function, over the reference store
// and over one that fails.

#include <doctest/doctest.h>

#include "http/api.h"
#include "http/api_fixture.h"
#include "http/failing_store.h"

namespace disposable {

namespace {

constexpr std::string_view kCreate = "/api/v1/secret";

std::string secret_path(std::string_view key) { return "/api/v1/secret/" + std::string(key); }

}  // namespace

TEST_CASE("api: an unknown path is 404 for every method") {
  ApiFixture fixture;
  for (const std::string_view path :
       {"/nothing", "/api", "/api/v1", "/api/v1/", "/api/v1/secret/", "/api/v1/secret/a/b", "/api/v1/secrets", "//",
        "/API/V1/SECRET", "/api/v1/secret//", "/docs/a/b", "/metrics.json", "*"}) {
    for (const std::string_view method : {"GET", "POST", "HEAD", "DELETE", "OPTIONS", "BREW"}) {
      const Response response = fixture.call({method, path});
      CHECK(response.status == 404);
      CHECK(body_of(response) == detail("Not Found"));
    }
  }
}

TEST_CASE("api: a wrong method is 405 with the methods that are allowed") {
  ApiFixture fixture;
  const struct {
    std::string_view path;
    std::string_view allowed;
    std::vector<std::string_view> refused;
  } rows[] = {
      {kCreate, "POST", {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "post", "BREW"}},
      {"/api/v1/secret/x", "GET, DELETE", {"POST", "HEAD", "PUT", "PATCH", "OPTIONS", "TRACE", "get", "PROPFIND"}},
      {"/", "GET, HEAD", {"POST", "PUT", "DELETE", "OPTIONS", "TRACE"}},
      {"/docs", "GET, HEAD", {"POST", "OPTIONS"}},
      {"/docs/docs.js", "GET, HEAD", {"POST", "OPTIONS"}},
      {"/openapi.json", "GET, HEAD", {"POST", "OPTIONS"}},
      {"/healthz", "GET, HEAD", {"POST", "OPTIONS"}},
      {"/readyz", "GET, HEAD", {"POST", "OPTIONS"}},
      {"/metrics", "GET, HEAD", {"POST", "OPTIONS"}},
  };
  for (const auto& row : rows) {
    for (const std::string_view method : row.refused) {
      const Response response = fixture.call({method, row.path});
      CHECK(response.status == 405);
      CHECK(header_of(response, "Allow") == row.allowed);
      CHECK(body_of(response) == detail("Method Not Allowed"));
    }
  }
}

TEST_CASE("api: only a plain GET spends") {
  ApiFixture fixture;
  const std::string key = fixture.create(R"({"secret":"x"})");
  const struct {
    Call call;
    int status;
  } rows[] = {
      {{"HEAD", {}}, 405},
      {{"OPTIONS", {}}, 405},
      {{"TRACE", {}}, 405},
      {{"POST", {}, "", {{"X-HTTP-Method-Override", "GET"}}}, 405},
      {{"POST", {}, "", {{"X-HTTP-Method", "DELETE"}, {"X-Method-Override", "DELETE"}}}, 405},
      {{"GET", {}, "", {{"Sec-Purpose", "prefetch"}}}, 403},
      {{"GET", {}, "", {{"sec-purpose", "prefetch;prerender"}}}, 403},
      {{"GET", {}, "", {{"Purpose", "prefetch"}}}, 403},
      {{"GET", {}, "", {{"X-Purpose", "preview"}}}, 403},
      {{"GET", {}, "", {{"X-Moz", "PREFETCH"}}}, 403},
  };
  for (const auto& row : rows) {
    Call call = row.call;
    const std::string path = secret_path(key);
    call.path = path;
    const Response response = fixture.call(call);
    CHECK(response.status == row.status);
    if (row.status == 403) {
      CHECK(body_of(response) == detail("Prefetching does not retrieve a secret"));
    }
  }
  CHECK(fixture.vault.history().size() == 1);
  const std::vector<HeaderField> ignored = {{"Range", "bytes=0-1"},     {"If-None-Match", "*"},
                                            {"If-Range", "x"},          {"X-HTTP-Method-Override", "DELETE"},
                                            {"If-Modified-Since", "x"}, {"Accept-Encoding", "gzip"},
                                            {"Sec-Fetch-Mode", "cors"}};
  const Response response = fixture.call({"GET", secret_path(key), "", ignored});
  CHECK(response.status == 200);
  CHECK(body_of(response) == R"({"secret":"x"})");
}

TEST_CASE("api: a body counts as JSON when it says so or says nothing") {
  const struct {
    std::vector<HeaderField> headers;
    bool accepted;
  } rows[] = {
      {{}, true},
      {{{"Content-Type", "application/json"}}, true},
      {{{"content-type", "Application/JSON ; charset=utf-8"}}, true},
      {{{"Content-Type", "application/vnd.api+json"}}, true},
      {{{"Content-Type", "application/json"}, {"Content-Encoding", "identity"}}, true},
      {{{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}}, false},
      {{{"Content-Type", ""}}, false},
      {{{"Content-Type", "text/plain"}}, false},
      {{{"Content-Type", "application/x-www-form-urlencoded"}}, false},
      {{{"Content-Type", "multipart/form-data; boundary=x"}}, false},
      {{{"Content-Type", "application/+json"}}, false},
      {{{"Content-Type", "text/json"}}, false},
      {{{"Content-Type", "application/jsonp"}}, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.headers.size());
    ApiFixture fixture;
    const Response created = fixture.call({"POST", kCreate, R"({"secret":"x"})", row.headers});
    CHECK(created.status == (row.accepted ? 200 : 415));
    const std::string key = fixture.create(R"({"secret":"x"})");
    const Response deleted = fixture.call({"DELETE", secret_path(key), "{}", row.headers});
    CHECK(deleted.status == (row.accepted ? 200 : 415));
    if (!row.accepted) {
      CHECK(body_of(created) == detail("Unsupported Media Type"));
      // There is nothing in an empty body that could be of the wrong type.
      CHECK(fixture.call({"DELETE", secret_path(key), "", row.headers}).status == 200);
    }
  }
}

TEST_CASE("api: bodies are bounded for each operation") {
  ApiFixture fixture;  // secrets of 64 bytes, passphrases of 16
  const std::string key = fixture.create(R"({"secret":"x"})");
  const struct {
    std::string_view method;
    std::string path;
    std::size_t bytes_max;
    int status_at_max;
  } rows[] = {
      {"POST", std::string(kCreate), 6 * (64 + 16) + 16 * 1024, 422},
      {"DELETE", secret_path(key), 6 * 16 + 4 * 1024, 422},
      {"GET", secret_path("x"), 4096, 404},
      {"GET", "/", 4096, 200},
  };
  for (const auto& row : rows) {
    const std::string spaces(row.bytes_max + 1, ' ');
    CHECK(fixture.call({row.method, row.path, std::string_view(spaces).substr(1)}).status == row.status_at_max);
    const Response over = fixture.call({row.method, row.path, spaces});
    CHECK(over.status == 413);
    CHECK(body_of(over) == detail("Request body too large"));
  }
}

TEST_CASE("api: the largest secret passes in its longest spelling") {
  ApiFixture fixture;
  std::string escaped;
  for (int i = 0; i < 64; ++i) {
    escaped += "\\u0001";
  }
  fixture.create("{\"secret\":\"" + escaped + "\"}");
}

TEST_CASE("api: the head alone is refused like the whole request") {
  const ApiFixture fixture;
  const auto verdict = [&](const Request& head, std::uint64_t body_bytes) {
    const auto refusal = fixture.api.refuse(Api::route(head.method, head.path), head, body_bytes);
    return refusal ? refusal->status : 0;
  };
  const Request create{"POST", kCreate, {}, {}, ""};
  CHECK(verdict(create, 100) == 0);
  CHECK(verdict(create, 1'000'000'000'000) == 413);
  CHECK(verdict({"POST", kCreate, {{"Content-Type", "text/html"}}, {}, ""}, 5) == 415);
  CHECK(verdict({"PUT", kCreate, {}, {}, ""}, 5) == 405);
  CHECK(verdict({"PUT", "/nothing", {}, {}, ""}, 5) == 404);
}

TEST_CASE("api: a failure of the store is answered by its kind, and its words stay in the log") {
  const struct {
    Errc code;
    int status;
    std::string_view detail_sent;
  } rows[] = {
      {Errc::kUnavailable, 503, "Service unavailable, try again later"},
      {Errc::kCorrupt, 503, "Service unavailable, try again later"},
      {Errc::kStorageFull, 507, "Storage is full, try again later"},
      {Errc::kInternal, 500, "Internal Server Error"},
  };
  for (const auto& row : rows) {
    VaultFixture parts;
    FailingStore store;
    store.error = Error{row.code, "disk /dev/sda1 is on fire", std::chrono::seconds{7}};
    Vault vault{Vault::Parts{store, parts.keyring, parts.clock, parts.random, parts.lane, Argon2Cost{1, 8192}}};
    const Api api{Api::Parts{vault, [] { return Readiness{}; }}};
    const std::string path = secret_path("550e8400-e29b-41d4-a716-446655440000");
    for (const Call& call : {Call{"POST", kCreate, R"({"secret":"x"})"}, Call{"GET", path}, Call{"DELETE", path}}) {
      if (row.code == Errc::kStorageFull && call.method != "POST") {
        continue;  // only an insert can be refused for that
      }
      const Response response = call_api(api, call);
      CHECK(response.status == row.status);
      CHECK(body_of(response) == detail(row.detail_sent));
      CHECK(response.log_detail == "disk /dev/sda1 is on fire");
      if (row.status != 500) {
        CHECK(header_of(response, "Retry-After") == "7");
      }
    }
  }
}

}  // namespace disposable
