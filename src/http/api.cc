#include "http/api.h"

#include "http/json_text.h"
#include "http/openapi.h"
#include "http/response.h"

namespace disposable {

namespace {

// Swagger UI needs nothing beyond its own files, and inline SVG icons from its own stylesheet (checked in Chromium).
constexpr std::string_view kDocsHeaders =
    "Cache-Control: public, max-age=3600\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n";

// To whoever has the key of a secret and no more.
Response refusal_of(const Error& error) {
  return error.code == Errc::kInvalidArgument ? error_response(403, "The secret was created with API v2")
                                              : failure_response(error);
}

}  // namespace

Response Api::create(const Request& request, std::string_view /*parameter*/) const {
  auto body = parse_create_body(request.body, parts_.limits);
  if (!body) {
    return invalid_body_response(body.error());
  }
  const auto held = parts_.vault.create(
      {std::move(body->secret), std::move(body->passphrase), body->ttl, std::string(request.principal)},
      request.address);
  Response response = held.outcome ? json_response(200, json_object_of("secret_key", held.outcome->format().expose()))
                                   : failure_response(held.outcome.error());
  response.ticket = held.ticket;
  return response;
}

Response Api::retrieve(const Request& request, std::string_view parameter) const {
  const auto key = SecretKey::parse(parameter);
  if (!key) {
    return failure_response(key.error());
  }
  const auto held = parts_.vault.retrieve(*key, request.address);
  Response response = held.outcome ? json_response(200, json_object_of("secret", held.outcome->expose()))
                                   : refusal_of(held.outcome.error());
  response.ticket = held.ticket;
  return response;
}

Response Api::delete_secret(const Request& request, std::string_view parameter) const {
  const auto body = parse_delete_body(request.body, parts_.limits);
  if (!body) {
    return invalid_body_response(body.error());
  }
  const auto key = SecretKey::parse(parameter);
  if (!key) {
    return failure_response(key.error());
  }
  const auto held = parts_.vault.delete_secret(*key, body->passphrase, request.address);
  Response response =
      held.outcome ? json_response(200, R"({"status":"secret deleted"})") : refusal_of(held.outcome.error());
  response.ticket = held.ticket;
  return response;
}

Response Api::docs(const Request& /*request*/, std::string_view name) const {
  for (const Asset& asset : parts_.docs) {
    if (asset.name == name) {
      Response response;
      response.status = 200;
      response.content_type = asset.content_type;
      response.fixed_headers = kDocsHeaders;
      response.constant_body = asset.bytes;
      return response;
    }
  }
  return error_response(404);
}

Response Api::openapi(const Request& /*request*/, std::string_view /*parameter*/) const {
  Response response = json_response(200, std::string_view{});
  response.constant_body = as_bytes(openapi_json());
  return response;
}

Response Api::healthz(const Request& /*request*/, std::string_view /*parameter*/) const {
  return json_response(200, R"({"status":"ok"})");
}

Response Api::readyz(const Request& /*request*/, std::string_view /*parameter*/) const {
  const Readiness ready = parts_.readiness();
  if (ready.store && ready.audit) {
    return json_response(200, R"({"status":"ready"})");
  }
  Response response = unavailable(std::chrono::seconds{0});
  std::string reasons;
  // Fixed sentences: a backend's message may name paths and hosts, and anybody may ask.
  const auto tell = [&](const Result<void>& part, std::string_view sentence) {
    if (!part) {
      reasons.append(reasons.empty() ? "\"" : ",\"").append(sentence).append("\"");
      response.log_detail.append(response.log_detail.empty() ? "" : "; ").append(part.error().detail);
    }
  };
  tell(ready.store, "The store cannot commit");
  tell(ready.audit, "The audit log cannot commit");
  response.body = SecretBytes::copy_of(as_bytes(R"({"status":"unavailable","reasons":[)" + reasons + "]}"));
  return response;
}

Response Api::metrics(const Request& /*request*/, std::string_view /*parameter*/) const {
  MetricsText text;
  parts_.metrics(text);
  return uncached_response(200, MetricsText::kContentType, SecretBytes::copy_of(as_bytes(text.take())));
}

}  // namespace disposable
