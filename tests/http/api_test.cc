// Goal: every row of the API table of the design that answers for a valid request. Method: Api as a function.

#include "http/api.h"

#include <doctest/doctest.h>

#include "http/api_fixture.h"

namespace disposable {

using namespace std::chrono_literals;

namespace {

std::string secret_path(std::string_view key) { return "/api/v1/secret/" + std::string(key); }

constexpr std::string_view kSpentDetail = "Secret already retrieved or deleted";
constexpr std::string_view kUnknownDetail = "Secret not found or expired";

}  // namespace

TEST_CASE("api: the specification's examples work") {
  ApiFixture fixture;
  const std::string key =
      fixture.create(R"({"secret": "my_confidential_data", "passphrase": "my_passphrase", "ttl_seconds": 3600})");
  CHECK(SecretKey::parse(key).has_value());

  const Response first = fixture.call({"GET", secret_path(key)});
  CHECK(first.status == 200);
  CHECK(body_of(first) == R"({"secret":"my_confidential_data"})");

  const Response again = fixture.call({"GET", secret_path(key)});
  CHECK(again.status == 410);
  CHECK(body_of(again) == detail(kSpentDetail));

  const std::string other = fixture.create(R"({"secret": "my_secret", "passphrase": "pass123", "ttl_seconds": 600})");
  const Response deleted = fixture.call({"DELETE", secret_path(other), R"({"passphrase": "pass123"})"});
  CHECK(deleted.status == 200);
  CHECK(body_of(deleted) == R"({"status":"secret deleted"})");
  CHECK(fixture.call({"DELETE", secret_path(other), R"({"passphrase": "pass123"})"}).status == 410);
  CHECK(fixture.call({"GET", secret_path(other)}).status == 410);
}

TEST_CASE("api: what was created comes back byte for byte") {
  const struct {
    const char* name;
    const char* sent;
    std::string returned;
  } rows[] = {
      {"quotes and backslashes", R"("a\"b\\c\/d")", R"("a\"b\\c/d")"},
      {"short escapes", R"("\b\f\n\r\t")", R"("\b\f\n\r\t")"},
      {"a NUL in the middle", R"("a\u0000b")", R"("a\u0000b")"},
      {"other controls", R"("\u0001\u001f\u007f")", "\"\\u0001\\u001f\x7f\""},
      {"a surrogate pair", R"("\ud83d\ude00")", "\"\xF0\x9F\x98\x80\""},
      {"raw UTF-8", "\"gr\xC3\xBC\xC3\x9F\"", "\"gr\xC3\xBC\xC3\x9F\""},
      {"JSON inside", R"("{\"secret\":\"x\"}")", R"("{\"secret\":\"x\"}")"},
      {"just a space", R"(" ")", R"(" ")"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    ApiFixture fixture;
    const std::string key = fixture.create(std::string("{\"secret\":") + row.sent + "}");
    CHECK(body_of(fixture.call({"GET", secret_path(key)})) == "{\"secret\":" + row.returned + "}");
  }
}

TEST_CASE("api: a secret of exactly the limit is kept, and one byte more is refused") {
  ApiFixture fixture;
  fixture.create("{\"secret\":\"" + std::string(64, 'x') + "\"}");
  CHECK(fixture.call({"POST", "/api/v1/secret", "{\"secret\":\"" + std::string(65, 'x') + "\"}"}).status == 422);
}

TEST_CASE("api: the TTL is honoured, 300 seconds without one") {
  const struct {
    const char* body;
    std::chrono::seconds ttl;
  } rows[] = {
      {R"({"secret":"x"})", 300s},
      {R"({"secret":"x","ttl_seconds":null})", 300s},
      {R"({"secret":"x","ttl_seconds":1})", 1s},
      {R"({"secret":"x","ttl_seconds":3600.0})", 3600s},
      {R"({"secret":"x","ttl_seconds":2592000})", 2592000s},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    ApiFixture fixture;
    const std::string early = fixture.create(row.body);
    const std::string late = fixture.create(row.body);
    fixture.vault.clock.advance(row.ttl - 1ms);
    CHECK(fixture.call({"GET", secret_path(early)}).status == 200);
    fixture.vault.clock.advance(1ms);
    const Response expired = fixture.call({"GET", secret_path(late)});
    CHECK(expired.status == 404);
    CHECK(body_of(expired) == detail(kUnknownDetail));
    CHECK(fixture.call({"DELETE", secret_path(late)}).status == 404);
  }
}

TEST_CASE("api: a key that is unknown or malformed is answered alike, for GET and DELETE") {
  ApiFixture fixture;
  const std::string keys[] = {
      "550e8400-e29b-41d4-a716-446655440000",     // unknown
      "550e8400-e29b-11d4-a716-446655440000",     // not version 4
      "550e8400-e29b-41d4-a716-44665544000",      // short
      "550e8400-e29b-41d4-a716-4466554400000",    // long
      "550e8400-e29b-41d4-a716-44665544000g",     //
      "{550e8400-e29b-41d4-a716-446655440000}",   //
      "550e8400e29b41d4a716446655440000",         //
      "550e8400-e29b-41d4-a716-446655440000%00",  //
      "550e8400%2De29b-41d4-a716-446655440000",   //
      "%2e%2e",                                   //
      "x",                                        //
      std::string(2000, 'a'),                     //
  };
  for (const std::string& key : keys) {
    for (const std::string_view method : {"GET", "DELETE"}) {
      const Response response = fixture.call({method, secret_path(key)});
      CHECK(response.status == 404);
      CHECK(body_of(response) == detail(kUnknownDetail));
    }
  }
  CHECK(fixture.vault.history().empty());
}

TEST_CASE("api: a key is accepted in upper case") {
  ApiFixture fixture;
  std::string key = fixture.create(R"({"secret":"x"})");
  std::transform(key.begin(), key.end(), key.begin(), [](char c) { return c >= 'a' && c <= 'f' ? char(c - 32) : c; });
  CHECK(fixture.call({"GET", secret_path(key)}).status == 200);
}

TEST_CASE("api: retrieval does not ask for the passphrase") {
  ApiFixture fixture;
  const std::string key = fixture.create(R"({"secret":"x","passphrase":"p"})");
  CHECK(fixture.call({"GET", secret_path(key)}).status == 200);
}

TEST_CASE("api: deletion asks for the passphrase, counts five wrong ones and then locks") {
  ApiFixture fixture;
  const std::string key = fixture.create(R"({"secret":"x","passphrase":"p"})");
  const std::string_view wrong[] = {"", "{}", "null", R"({"passphrase":null})", R"({"passphrase":"q"})"};
  for (const std::string_view body : wrong) {
    const Response response = fixture.call({"DELETE", secret_path(key), body});
    CHECK(response.status == 403);
    CHECK(body_of(response) == detail("Invalid passphrase"));
  }
  const Response locked = fixture.call({"DELETE", secret_path(key), R"({"passphrase":"p"})"});
  CHECK(locked.status == 429);
  CHECK(header_of(locked, "Retry-After") == "900");
  CHECK(body_of(locked) == detail("Too many attempts, try again later"));
  fixture.vault.clock.advance(15min);
  CHECK(fixture.call({"DELETE", secret_path(key), R"({"passphrase":"p"})"}).status == 404);  // expired meanwhile
}

TEST_CASE("api: without a passphrase a DELETE needs no body, and null and empty passphrases count as none") {
  const std::string_view creations[] = {R"({"secret":"x"})", R"({"secret":"x","passphrase":null})",
                                        R"({"secret":"x","passphrase":""})"};
  const std::string_view deletions[] = {
      "", "null", "{}", R"({"passphrase":null})", R"({"passphrase":""})", R"({"passphrase":"anything"})"};
  for (const std::string_view creation : creations) {
    for (const std::string_view deletion : deletions) {
      ApiFixture fixture;
      const std::string key = fixture.create(creation);
      CHECK(fixture.call({"DELETE", secret_path(key), deletion}).status == 200);
    }
  }
}

TEST_CASE("api: the address of the client reaches the audit log") {
  ApiFixture fixture;
  fixture.call({"GET", secret_path(fixture.create(R"({"secret":"x"})"))});
  CHECK(fixture.vault.history() == std::vector<std::string>{"created 192.0.2.7", "retrieved 192.0.2.7"});
}

TEST_CASE("api: the pages of the service answer GET and HEAD") {
  ApiFixture fixture;
  const struct {
    std::string_view path;
    std::string_view body;
  } rows[] = {
      {"/", R"({"message":"Welcome to Disposable Secrets"})"},
      {"/healthz", R"({"status":"ok"})"},
      {"/readyz", R"({"status":"ready"})"},
      {"/docs", "<!doctype html>"},
      {"/docs/docs.js", "start()"},
  };
  for (const auto& row : rows) {
    for (const std::string_view method : {"GET", "HEAD"}) {
      const Response response = fixture.call({method, row.path});
      CHECK(response.status == 200);
      CHECK(body_of(response) == row.body);
    }
  }
  CHECK(fixture.call({"GET", "/docs/nothing.js"}).status == 404);
  CHECK(fixture.call({"GET", "/docs/"}).status == 404);
  const Response page = fixture.call({"GET", "/docs"});
  CHECK(header_of(page, "Content-Type") == "text/html; charset=utf-8");
  const std::string policy = header_of(page, "Content-Security-Policy");
  CHECK(policy.find("default-src 'none'") != std::string::npos);
  CHECK(policy.find("frame-ancestors 'none'") != std::string::npos);
  CHECK(policy.find("unsafe") == std::string::npos);
  CHECK(policy.find("http") == std::string::npos);
}

TEST_CASE("api: readiness names the parts that cannot commit, and keeps the backends' words for the log") {
  const Result<void> fine;
  const Result<void> disk = fail(Errc::kUnavailable, "IO error: /var/lib/x: no space");
  const Result<void> log = fail(Errc::kUnavailable, "SQLite: disk I/O error");
  const struct {
    Readiness readiness;
    std::string_view reasons;
    std::string_view log_detail;
  } rows[] = {
      {{disk, fine}, R"("The store cannot commit")", "IO error: /var/lib/x: no space"},
      {{fine, log}, R"("The audit log cannot commit")", "SQLite: disk I/O error"},
      {{disk, log},
       R"("The store cannot commit","The audit log cannot commit")",
       "IO error: /var/lib/x: no space; SQLite: disk I/O error"},
  };
  for (const auto& row : rows) {
    ApiFixture fixture;
    fixture.readiness = row.readiness;
    const Response response = fixture.call({"GET", "/readyz"});
    CHECK(response.status == 503);
    CHECK(body_of(response) == R"({"status":"unavailable","reasons":[)" + std::string(row.reasons) + "]}");
    CHECK(response.log_detail == row.log_detail);
  }
}

}  // namespace disposable
