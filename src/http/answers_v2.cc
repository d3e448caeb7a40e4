#include "http/answers_v2.h"

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

Result<SecretKey> key_of(const SecretBytes& text) { return SecretKey::parse(as_text(text.expose())); }

}  // namespace disposable::v2
