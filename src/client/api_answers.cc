#include "client/api_answers.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "client/terminal_text.h"

namespace disposable {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kProblem = "urn:disposable-secrets:problem:";
constexpr std::size_t kShownMost = 300;

Json parse(const HttpResponse& response) {
  const std::string_view text = as_text(response.body.expose());
  return Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
}

// Its begin, and no half of a character.
std::string shortened(std::string text) {
  std::size_t size = 0;
  while (size < text.size()) {
    const std::size_t length = std::max<std::size_t>(first_utf8(std::string_view(text).substr(size)).length, 1);
    if (size + length > kShownMost) {
      break;
    }
    size += length;
  }
  text.resize(size);
  return text;
}

// A text that the server chose, fit for a line on a terminal.
std::string text_of(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  const bool text = object.is_object() && found != object.end() && found->is_string();
  return text ? shortened(harmless_name(found->get<std::string>())) : std::string{};
}

std::uint64_t number_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

bool flag_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

WebhookFacts webhook_of(const Json& object) { return {text_of(object, "webhook_key"), text_of(object, "fingerprint")}; }

std::string at(const std::string& time) { return time.empty() ? std::string{} : " at " + time; }

// What `errors` of an invalid request says: "Secret-TTL: Input should be less than or equal to 2592000".
std::string errors_of(const Json& object) {
  std::string text;
  const auto errors = object.find("errors");
  for (const Json& error : errors != object.end() && errors->is_array() ? *errors : Json::array()) {
    const auto where = error.is_object() ? error.find("loc") : error.end();
    const bool named =
        error.is_object() && where != error.end() && where->is_array() && !where->empty() && where->back().is_string();
    text += text.empty() ? "" : "; ";
    text += named ? harmless_name(where->back().get<std::string>()) + ": " : "";
    text += text_of(error, "msg");
  }
  return shortened(text);
}

struct Known {
  std::string_view problem;
  ClientFailure failure;
  std::string_view message;
  std::string_view hint;
};

constexpr std::array<Known, 15> kKnown{{
    {"not-found", ClientFailure::kNotFound, "there is nothing behind this link: it never existed, or it has expired",
     ""},
    {"retrieved", ClientFailure::kGone, "the secret was already retrieved", "if not by you, tell who sent it"},
    {"deleted", ClientFailure::kGone, "it was already deleted", ""},
    {"filled", ClientFailure::kGone, "the request was already answered", ""},
    {"wrong-proof", ClientFailure::kWrong, "the link's key is wrong", "check that the link is complete"},
    {"wrong-passphrase", ClientFailure::kWrong, "the passphrase is wrong", ""},
    {"locked", ClientFailure::kWrong, "it is locked after too many wrong attempts", ""},
    {"rate-limited", ClientFailure::kRefused, "the server wants fewer requests from here", ""},
    {"unauthorized", ClientFailure::kRefused, "the server does not accept the token",
     "DISPOSABLE_SECRETS_TOKEN or 'token-file' in the configuration file has it"},
    {"forbidden", ClientFailure::kRefused, "the server lets nobody create secrets from here without a token",
     "DISPOSABLE_SECRETS_TOKEN or 'token-file' in the configuration file has it"},
    {"webhook-refused", ClientFailure::kRefused, "the server lets nobody name a webhook from here",
     "perhaps it does with a token"},
    {"too-large", ClientFailure::kRefused, "the secret is larger than the server takes", ""},
    {"storage-full", ClientFailure::kRefused, "the server's store is full", "try again later"},
    {"unavailable", ClientFailure::kUnavailable, "the server is not available at the moment", "try again later"},
    {"internal", ClientFailure::kUnavailable, "the server has failed", ""},
}};

}  // namespace

ClientError another_server() {
  return {ClientFailure::kUnavailable, "the server's answer is not one of Disposable Secrets with API v2", {}};
}

Outcome<SecretStatus> read_status(const HttpResponse& response) {
  const Json object = parse(response);
  SecretStatus status;
  status.state = text_of(object, "state");
  status.expires_at = text_of(object, "expires_at");
  if (status.state.empty() || status.expires_at.empty()) {
    return client_fail(another_server());
  }
  status.created_at = text_of(object, "created_at");
  status.changed_at = text_of(object, "changed_at");
  status.locked_until = text_of(object, "locked_until");
  status.views = static_cast<int>(number_of(object, "views"));
  status.views_left = static_cast<int>(number_of(object, "views_left"));
  status.passphrase = flag_of(object, "passphrase");
  status.proof = flag_of(object, "proof");
  status.bytes = number_of(object, "bytes");
  return status;
}

Outcome<CreatedSecret> read_created_secret(const HttpResponse& response) {
  const Json object = parse(response);
  CreatedSecret created{text_of(object, "secret_key"), text_of(object, "receipt_key"), text_of(object, "expires_at"),
                        webhook_of(object)};
  if (created.receipt_key.empty() || created.expires_at.empty()) {
    return client_fail(another_server());
  }
  return created;
}

Outcome<CreatedRequest> read_created_request(const HttpResponse& response) {
  const Json object = parse(response);
  CreatedRequest created{text_of(object, "request_key"), text_of(object, "fill_key"), text_of(object, "expires_at"),
                         webhook_of(object)};
  if (created.request_key.empty() || created.fill_key.empty() || created.expires_at.empty()) {
    return client_fail(another_server());
  }
  return created;
}

Outcome<ServerFacts> read_service_facts(const HttpResponse& response) {
  const Json object = parse(response);
  ServerFacts facts{object.is_object() ? number_of(object, "upload_bytes_max") : 0, text_of(object, "creation")};
  if (facts.upload_bytes_max == 0) {
    return client_fail(another_server());
  }
  return facts;
}

Outcome<std::string> read_deleted(const HttpResponse& response) {
  std::string when = text_of(parse(response), "deleted_at");
  if (when.empty()) {
    return client_fail(another_server());
  }
  return when;
}

std::string problem_name(const HttpResponse& response) {
  const std::string type = text_of(parse(response), "type");
  return type.starts_with(kProblem) ? type.substr(kProblem.size()) : std::string{};
}

Verdict verdict_on_failure(const HttpResponse& response) {
  constexpr int kTooManyRequests = 429;
  constexpr int kServerError = 5;
  const std::string name = problem_name(response);
  if (name == "unavailable" || name == "internal" || (name.empty() && response.status / 100 == kServerError)) {
    return Verdict::kLost;
  }
  return name.empty() || response.status == kTooManyRequests ? Verdict::kRefused : Verdict::kFinal;
}

ClientError read_problem(const HttpResponse& response) {
  const std::string name = problem_name(response);
  if (name.empty()) {
    return another_server();
  }
  const Json object = parse(response);
  const auto* const known =
      std::find_if(kKnown.begin(), kKnown.end(), [&name](const Known& row) { return row.problem == name; });
  if (known == kKnown.end()) {
    const std::string errors = errors_of(object);
    const std::string detail = errors.empty() ? text_of(object, "detail") : errors;
    return {ClientFailure::kRefused, "the server refuses: " + (detail.empty() ? text_of(object, "title") : detail), {}};
  }
  ClientError error{known->failure, std::string(known->message) + at(text_of(object, "at")), std::string(known->hint)};
  error.retry_after = response.retry_after();
  if (error.retry_after.count() > 0 && error.failure != ClientFailure::kUnavailable) {
    error.hint = "try again in " + std::to_string(error.retry_after.count()) + " seconds";
  }
  return error;
}

}  // namespace disposable
