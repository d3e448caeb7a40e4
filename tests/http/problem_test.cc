// Goal: every problem is what RFC 9457 and the table say, and everything outside API v2 keeps the form of v1. Method:
// each kind once, as JSON that another parser reads.

#include "http/problem.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "http/api_fixture.h"
#include "http/response.h"

namespace disposable {

namespace {

using Json = nlohmann::json;

constexpr WallTime kTime{std::chrono::milliseconds{1'700'000'000'123}};

Json json(const Response& response) { return Json::parse(body_of(response)); }

}  // namespace

TEST_CASE("problem: every kind has a name of its own, its status and fixed sentences") {
  std::set<std::string_view> names;
  for (const ProblemKind& kind : problem_kinds()) {
    CAPTURE(std::string(kind.name));
    CHECK(names.insert(kind.name).second);
    const Response response = problem_response(kind.problem);
    CHECK(response.status == kind.status);
    CHECK(header_of(response, "Content-Type") == "application/problem+json");
    CHECK(header_of(response, "Cache-Control") == "no-cache, no-store, must-revalidate");
    CHECK(json(response) == Json{{"type", "urn:disposable-secrets:problem:" + std::string(kind.name)},
                                 {"title", kind.title},
                                 {"status", kind.status},
                                 {"detail", kind.detail}});
  }
  CHECK(names.size() == 20);
}

TEST_CASE("problem: what is gone says when, as far as it is known") {
  CHECK(json(gone_response(Problem::kDeleted, kTime)).at("at") == "2023-11-14T22:13:20.123Z");
  CHECK_FALSE(json(gone_response(Problem::kRetrieved, std::nullopt)).contains("at"));
}

TEST_CASE("problem: an invalid request has every error") {
  const std::vector<FieldError> errors = {
      {"missing", "secret", std::nullopt, "Field required"},
      {"json_invalid", "", 7, "JSON decode error"},
      {"int_parsing", "Secret-TTL", std::nullopt, "Input should be a valid integer", "header"}};
  const Json expected = Json::parse(R"([{"type":"missing","loc":["body","secret"],"msg":"Field required"},
    {"type":"json_invalid","loc":["body",7],"msg":"JSON decode error"},
    {"type":"int_parsing","loc":["header","Secret-TTL"],"msg":"Input should be a valid integer"}])");
  const Response response = invalid_body_problem(errors);
  CHECK(response.status == 422);
  CHECK(json(response).at("errors") == expected);
}

TEST_CASE("problem: every failure of the vault has one, with the time to wait and the words for the log") {
  const struct {
    Errc code;
    std::string_view name;
    std::string_view retry_after;
  } rows[] = {
      {Errc::kNotFound, "not-found", "(none)"},       {Errc::kDenied, "wrong-passphrase", "(none)"},
      {Errc::kWrongProof, "wrong-proof", "(none)"},   {Errc::kLocked, "locked", "7"},
      {Errc::kRateLimited, "rate-limited", "7"},      {Errc::kUnavailable, "unavailable", "7"},
      {Errc::kCorrupt, "unavailable", "7"},           {Errc::kStorageFull, "storage-full", "7"},
      {Errc::kInternal, "internal", "(none)"},        {Errc::kConflict, "internal", "(none)"},
      {Errc::kInvalidArgument, "internal", "(none)"},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.name));
    const Response response = problem_of(Error{row.code, "the disk is on fire", std::chrono::seconds{7}});
    CHECK(json(response).at("type") == "urn:disposable-secrets:problem:" + std::string(row.name));
    CHECK(header_of(response, "Retry-After") == row.retry_after);
    CHECK(response.log_detail == (response.status >= 500 ? "the disk is on fire" : ""));
    CHECK(body_of(response).find("fire") == std::string::npos);
  }
  CHECK(header_of(problem_of({Errc::kUnavailable}), "Retry-After") == "5");
  CHECK(header_of(problem_of({Errc::kStorageFull}), "Retry-After") == "60");
}

TEST_CASE("problem: only what belongs to API v2 is told in its form") {
  for (const std::string_view path : {"/api/v2", "/api/v2/", "/api/v2/secrets", "/api/v2/nothing/at/all"}) {
    CHECK(error_form(path) == ErrorForm::kProblem);
  }
  for (const std::string_view path : {"", "/", "/api", "/api/v1/secret", "/api/v20", "/API/v2/secrets", "*"}) {
    CHECK(error_form(path) == ErrorForm::kDetail);
  }
}

TEST_CASE("problem: a status alone becomes the problem that it stands for, or about:blank") {
  for (const int status : {404, 405, 413, 415, 429, 500, 503, 507}) {
    CAPTURE(status);
    const Response response = error_response(status, ErrorForm::kProblem);
    CHECK(response.status == status);
    CHECK(json(response).at("status") == status);
    CHECK(json(response).at("type").get<std::string>().starts_with(kProblemTypePrefix));
    CHECK(body_of(error_response(status, ErrorForm::kDetail)) == body_of(error_response(status)));
  }
  CHECK(json(error_response(408, ErrorForm::kProblem)) ==
        Json{{"type", "about:blank"}, {"title", "Request Timeout"}, {"status", 408}});
  CHECK(header_of(unavailable(std::chrono::seconds{3}, ErrorForm::kProblem), "Retry-After") == "3");
  CHECK(body_of(unavailable(std::chrono::seconds{3}, ErrorForm::kDetail)) ==
        detail("Service unavailable, try again later"));
  CHECK(json(rate_limited(std::chrono::seconds{3}, ErrorForm::kProblem)).at("type") ==
        "urn:disposable-secrets:problem:rate-limited");
}

}  // namespace disposable
