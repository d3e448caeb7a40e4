#include "http/answers_v2.h"

#include "http/json_text.h"
#include "http/problem.h"
#include "http/response.h"

namespace disposable::v2 {

Response held_by(const Ticket& ticket, Response response) {
  response.ticket = ticket;
  return response;
}

Response created(const Held<Created>& held, SecretBytes json) {
  Response response = json_response(201, std::move(json));
  response.repeats = held.outcome->repeats;
  return held_by(held.ticket, std::move(response));
}

Response deleted(WallTime at) {
  return json_response(200, JsonObject(kAnswerBytesMax).text("state", "deleted").time("deleted_at", at).take());
}

std::optional<Response> refuse_webhook(const Api::Parts& parts, const Request& request, const SecretBytes& url,
                                       std::string_view place, std::string_view field) {
  if (url.empty()) {
    return std::nullopt;
  }
  if (!may_name_webhook(parts.webhooks, request)) {
    return problem_response(Problem::kWebhookRefused);
  }
  if (parts.webhook_callable && !parts.webhook_callable(as_text(url.expose()))) {
    FieldErrors errors(place);
    errors.add("value_error", field, "Value error, this address is none that the service calls for a secret");
    return invalid_body_problem(errors.take());
  }
  return std::nullopt;
}

Result<SecretKey> key_of(const SecretBytes& text) { return SecretKey::parse(as_text(text.expose())); }

}  // namespace disposable::v2
