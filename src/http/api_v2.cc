#include "http/api_v2.h"

#include "http/answers_v2.h"
#include "http/bodies_v2.h"
#include "http/creators.h"
#include "http/json_text.h"
#include "http/media_type.h"
#include "http/problem.h"
#include "http/response.h"

namespace disposable::v2 {

namespace {

// What is spent is told with its time. That is looked up after the refusal, so the answer waits for both.
template <class Ask>
Response refused(const Error& error, const Ticket& ticket, const Ask& ask_status) {
  if (error.code != Errc::kSpent) {
    return held_by(ticket, problem_of(error));
  }
  const Held<Status> held = ask_status();
  const Ticket& later = held.ticket.sequence() > ticket.sequence() ? held.ticket : ticket;
  if (!held.outcome) {
    return held_by(later, problem_of(held.outcome.error()));
  }
  switch (held.outcome->stage) {
    case Stage::kExpired:
      return held_by(later, problem_response(Problem::kNotFound));
    case Stage::kDeleted:
      return held_by(later, gone_response(Problem::kDeleted, held.outcome->changed_at));
    case Stage::kLive:
    case Stage::kRetrieved:
      break;
  }
  return held_by(later, gone_response(Problem::kRetrieved, held.outcome->changed_at));
}

SecretBytes json_of(const Created& created) {
  JsonObject json(kAnswerBytesMax);
  json.text("secret_key", created.key.format().expose())
      .text("receipt_key", created.receipt.format().expose())
      .time("expires_at", created.expires_at);
  tell_webhook(json, created.webhook);
  return json.take();
}

std::string_view name_of(Stage stage) {
  switch (stage) {
    case Stage::kLive:
      return "live";
    case Stage::kRetrieved:
      return "retrieved";
    case Stage::kDeleted:
      return "deleted";
    case Stage::kExpired:
      break;
  }
  return "expired";
}

Response told(const Held<Status>& held) {
  if (!held.outcome) {
    return held_by(held.ticket, problem_of(held.outcome.error()));
  }
  const Status& status = *held.outcome;
  JsonObject json(kAnswerBytesMax);
  json.text("state", name_of(status.stage)).time("created_at", status.created_at).time("expires_at", status.expires_at);
  if (status.changed_at) {
    json.time("changed_at", *status.changed_at);
  }
  json.number("views", static_cast<std::uint64_t>(status.views))
      .number("views_left", static_cast<std::uint64_t>(status.views_left))
      .boolean("passphrase", status.passphrase)
      .boolean("proof", status.proof)
      .number("bytes", status.bytes);
  if (status.locked_until) {
    json.time("locked_until", *status.locked_until);
  }
  return held_by(held.ticket, json_response(200, json.take()));
}

Result<ReceiptKey> receipt_of(const SecretBytes& text) { return ReceiptKey::parse(as_text(text.expose())); }

}  // namespace

Response create(const Api::Parts& parts, const Request& request) {
  const bool json = is_json(request.header("Content-Type").value_or(""));
  Validated<NewSharedSecret> fresh =
      json ? parse_new_text(request, parts.limits) : parse_new_bytes(request, parts.limits);
  if (!fresh) {
    return invalid_body_problem(fresh.error());
  }
  if (auto refusal = refuse_webhook(parts, request, fresh->webhook, json ? "body" : "header",
                                    json ? "webhook" : "Secret-Webhook")) {
    return std::move(*refusal);
  }
  fresh->principal = idempotency_principal(request);
  fresh->token = request.principal;
  fresh->only_again = request.only_again;
  const Held<Created> held = parts.vault.create(std::move(*fresh), request.address);
  if (held.outcome) {
    return created(held, json_of(*held.outcome));
  }
  return held_by(held.ticket, held.outcome.error().code == Errc::kAlreadyExists
                                  ? problem_response(Problem::kIdempotencyKeyReused)
                                  : problem_of(held.outcome.error()));
}

Response retrieve(const Api::Parts& parts, const Request& request) {
  const auto body = parse_retrieve_body(request.body, parts.limits);
  if (!body) {
    return invalid_body_problem(body.error());
  }
  const Result<SecretKey> key = key_of(body->secret_key);
  if (!key) {
    return problem_of(key.error());
  }
  Held<Revealed> held = parts.vault.retrieve(*key, body->access, body->claim.expose(), request.address);
  if (!held.outcome) {
    return refused(held.outcome.error(), held.ticket, [&] { return parts.vault.status(*key); });
  }
  Response response = uncached_response(200, "application/octet-stream", std::move(held.outcome->secret));
  response.headers.push_back({"Secret-Views-Left", std::to_string(held.outcome->views_left)});
  response.repeatable = held.outcome->repeatable;
  return held_by(held.ticket, std::move(response));
}

Response status(const Api::Parts& parts, const Request& request) {
  const auto text = parse_key_body(request.body, "secret_key");
  if (!text) {
    return invalid_body_problem(text.error());
  }
  const Result<SecretKey> key = key_of(*text);
  return key ? told(parts.vault.status(*key)) : problem_of(key.error());
}

Response delete_secret(const Api::Parts& parts, const Request& request) {
  const auto body = parse_delete_body_v2(request.body, parts.limits);
  if (!body) {
    return invalid_body_problem(body.error());
  }
  const Result<SecretKey> key = key_of(body->secret_key);
  if (!key) {
    return problem_of(key.error());
  }
  const Held<WallTime> held = parts.vault.delete_secret(*key, body->access, request.address);
  return held.outcome ? held_by(held.ticket, deleted(*held.outcome))
                      : refused(held.outcome.error(), held.ticket, [&] { return parts.vault.status(*key); });
}

Response receipt_status(const Api::Parts& parts, const Request& request) {
  const auto text = parse_key_body(request.body, "receipt_key");
  if (!text) {
    return invalid_body_problem(text.error());
  }
  const Result<ReceiptKey> key = receipt_of(*text);
  return key ? told(parts.vault.receipt(*key)) : problem_of(key.error());
}

Response delete_by_receipt(const Api::Parts& parts, const Request& request) {
  const auto text = parse_key_body(request.body, "receipt_key");
  if (!text) {
    return invalid_body_problem(text.error());
  }
  const Result<ReceiptKey> key = receipt_of(*text);
  if (!key) {
    return problem_of(key.error());
  }
  const Held<WallTime> held = parts.vault.delete_by_receipt(*key, request.address);
  return held.outcome ? held_by(held.ticket, deleted(*held.outcome))
                      : refused(held.outcome.error(), held.ticket, [&] { return parts.vault.receipt(*key); });
}

}  // namespace disposable::v2
