#include "client/service_api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "client/key_derivation.h"
#include "crypto/base64url.h"

namespace disposable {

namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kBytes = "application/octet-stream";
constexpr const char* kViewsLeft = "Secret-Views-Left";
constexpr std::size_t kClaimSize = 16;
constexpr std::size_t kSecretMost = 512U << 20U;  // more than can be shared
constexpr std::size_t kIdempotencyKeySize = 32;

using Member = std::pair<std::string_view, std::string_view>;

// {"name":"value",...} without the empty ones. By hand, so that nothing but wiped memory holds the keys; they all are
// of characters that JSON does not escape.
SecretBytes json_of(std::initializer_list<Member> members) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  SecretBytes json = SecretBytes::copy_of(as_bytes("{"));
  std::string_view separator;
  for (const auto& [name, value] : members) {
    check(value.find_first_not_of(kPlain) == std::string_view::npos, "keys need no escaping in JSON");
    if (!value.empty()) {
      json = concatenated({json.expose(), as_bytes(separator), as_bytes("\""), as_bytes(name), as_bytes("\":\""),
                           as_bytes(value), as_bytes("\"")});
      separator = ",";
    }
  }
  return concatenated({json.expose(), as_bytes("}")});
}

SecretBytes json_of(const SecretKey& key, const Credentials& credentials, ByteView claim) {
  const SecretBytes proof = base64url_encode_secret(credentials.proof);
  return json_of({{"secret_key", as_text(key.format().expose())},
                  {"proof", as_text(proof.expose())},
                  {"passphrase", credentials.server_passphrase},
                  {"claim", base64url_encode(claim)}});
}

void add_token(HttpRequest& request, const std::string& token) {
  if (!token.empty()) {
    request.fields.push_back({"Authorization", "Bearer " + token});
  }
}

bool succeeded(const HttpResponse& response) { return response.status / 100 == 2; }

// Reads an answer with `read`, or what is wrong from it.
template <class T>
Outcome<T> read_with(const Outcome<HttpResponse>& response, Outcome<T> (*read)(const HttpResponse&)) {
  if (!response) {
    return client_fail(response.error());
  }
  if (!succeeded(*response)) {
    return client_fail(read_problem(*response));
  }
  return read(*response);
}

// An answer that says that it is done, and is none of the service's, is another server's.
template <class T>
Judge judge_with(Outcome<T> (*read)(const HttpResponse&)) {
  return [read](const HttpResponse& response) {
    if (!succeeded(response)) {
      return verdict_on_failure(response);
    }
    return read(response) ? Verdict::kFinal : Verdict::kLost;
  };
}

HttpRequest creation_of(const NewUpload& upload, const std::string& idempotency_key) {
  HttpRequest request{"POST", "/api/v2/secrets", kBytes, upload.body, {}};
  request.fields = {{"Idempotency-Key", idempotency_key},
                    {"Secret-Views", std::to_string(upload.views)},
                    {"Secret-Proof", base64url_encode(upload.proof)}};
  if (upload.ttl) {
    request.fields.push_back({"Secret-TTL", std::to_string(upload.ttl->count())});
  }
  if (!upload.server_passphrase.empty()) {
    request.fields.push_back({"Secret-Passphrase", base64url_encode(as_bytes(upload.server_passphrase))});
  }
  if (!upload.webhook.empty()) {
    request.fields.push_back({"Secret-Webhook", upload.webhook});
  }
  add_token(request, upload.token);
  return request;
}

}  // namespace

Outcome<HttpResponse> ServiceApi::post(const char* path, const SecretBytes& json) {
  return attempts_.once({"POST", path, kJson, json.expose(), {}});
}

Outcome<CreatedSecret> ServiceApi::create(const NewUpload& upload) {
  std::array<std::uint8_t, kIdempotencyKeySize> key{};
  random_.fill(key);
  return read_with(attempts_.repeated(creation_of(upload, base64url_encode(key)), judge_with(read_created_secret)),
                   read_created_secret);
}

Outcome<Retrieved> ServiceApi::retrieve(const SecretKey& key, const Credentials& credentials, const Sealed& sealed) {
  std::array<std::uint8_t, kClaimSize> claim{};
  random_.fill(claim);
  const SecretBytes json = json_of(key, credentials, claim);
  HttpRequest request{"POST", "/api/v2/secrets/retrieve", kJson, json.expose(), {}};
  request.answer_bytes_max = kSecretMost;
  request.answer_bytes = std::min<std::uint64_t>(sealed.bytes, kSecretMost);
  Result<SecretBytes> container = fail(Errc::kInternal, "nothing was retrieved");
  const auto judge = [&sealed, &container](const HttpResponse& response) {
    if (!succeeded(response)) {
      // The status came from there a moment ago: whoever answers now may have seen what was retrieved.
      return problem_name(response).empty() ? Verdict::kLost : verdict_on_failure(response);
    }
    container = sealed.open(response.body.expose());
    const bool whole = response.body.size() == sealed.bytes && !response.field(kViewsLeft).empty();
    return container || whole ? Verdict::kFinal : Verdict::kLost;
  };
  const Outcome<HttpResponse> response = attempts_.repeated(request, judge);
  if (response && succeeded(*response)) {
    const std::string_view left = response->field(kViewsLeft);
    Retrieved retrieved{std::move(container), 0};
    std::from_chars(left.data(), left.data() + left.size(), retrieved.views_left);
    return retrieved;
  }
  ClientError error = response ? read_problem(*response) : response.error();
  if (attempts_.lost_an_answer()) {
    error.hint =
        response && problem_name(*response) == "retrieved"
            ? "probably by this program: its answer was lost on the way, and the server keeps it for a minute only"
            : "whether that has spent the secret is not known; 'status' says so";
  }
  return client_fail(error);
}

Outcome<SecretStatus> ServiceApi::status(const SecretKey& key) {
  const SecretBytes json = json_of({{"secret_key", as_text(key.format().expose())}});
  return read_with(post("/api/v2/secrets/status", json), read_status);
}

Outcome<std::string> ServiceApi::delete_at(const char* path, const SecretBytes& json) {
  const Outcome<HttpResponse> response =
      attempts_.repeated({"POST", path, kJson, json.expose(), {}}, judge_with(read_deleted));
  // Deleted by the attempt whose answer was lost.
  if (response && attempts_.lost_an_answer() && problem_name(*response) == "deleted") {
    return std::string{};
  }
  return read_with(response, read_deleted);
}

Outcome<std::string> ServiceApi::delete_secret(const SecretKey& key, const Credentials& credentials) {
  return delete_at("/api/v2/secrets/delete", json_of(key, credentials, {}));
}

Outcome<SecretStatus> ServiceApi::receipt_status(const SecretBytes& receipt_key) {
  const SecretBytes json = json_of({{"receipt_key", as_text(receipt_key.expose())}});
  return read_with(post("/api/v2/receipts/status", json), read_status);
}

Outcome<std::string> ServiceApi::delete_by_receipt(const SecretBytes& receipt_key) {
  return delete_at("/api/v2/receipts/delete", json_of({{"receipt_key", as_text(receipt_key.expose())}}));
}

Outcome<CreatedRequest> ServiceApi::create_request(std::optional<std::chrono::seconds> ttl, const std::string& webhook,
                                                   const std::string& token) {
  std::string json = ttl ? "\"ttl_seconds\":" + std::to_string(ttl->count()) : std::string{};
  if (!webhook.empty()) {
    json.append(json.empty() ? "" : ",").append("\"webhook\":\"").append(webhook).append("\"");  // nothing to escape
  }
  json = "{" + json + "}";
  HttpRequest request{"POST", "/api/v2/requests", kJson, as_bytes(json), {}};
  add_token(request, token);
  return read_with(attempts_.once(request), read_created_request);
}

Outcome<SecretStatus> ServiceApi::request_status(const SecretKey& fill_key) {
  const SecretBytes json = json_of({{"fill_key", as_text(fill_key.format().expose())}});
  return read_with(post("/api/v2/requests/status", json), read_status);
}

Outcome<CreatedSecret> ServiceApi::fill(const SecretKey& fill_key, ByteView body) {
  HttpRequest request{"POST", "/api/v2/requests/fill", kBytes, body, {}};
  std::array<std::uint8_t, kIdempotencyKeySize> key{};
  random_.fill(key);
  request.fields = {{"Request-Fill-Key", std::string(as_text(fill_key.format().expose()))},
                    {"Idempotency-Key", base64url_encode(key)}};
  const Outcome<HttpResponse> response = attempts_.repeated(request, judge_with(read_created_secret));
  // Filled by the attempt whose answer was lost, and collected since; or by somebody else, when it never arrived.
  if (response && attempts_.lost_an_answer() && problem_name(*response) == "filled") {
    return CreatedSecret{};
  }
  return read_with(response, read_created_secret);
}

Outcome<std::string> ServiceApi::delete_request(const SecretKey& fill_key, const SecretKey& request_key) {
  return delete_at("/api/v2/requests/delete", json_of({{"fill_key", as_text(fill_key.format().expose())},
                                                       {"request_key", as_text(request_key.format().expose())}}));
}

Outcome<ServerFacts> ServiceApi::facts() {
  return read_with(attempts_.once({"GET", "/api/v2/service", {}, {}, {}}), read_service_facts);
}

}  // namespace disposable
