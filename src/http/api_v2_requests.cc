// API v2: requests for a secret.

#include "http/answers_v2.h"
#include "http/api_v2.h"
#include "http/bodies_v2.h"
#include "http/problem.h"
#include "http/response.h"

namespace disposable::v2 {

namespace {

std::string_view name_of(RequestStage stage) {
  switch (stage) {
    case RequestStage::kWaiting:
      return "waiting";
    case RequestStage::kFilled:
      return "filled";
    case RequestStage::kDeleted:
      return "deleted";
    case RequestStage::kExpired:
      break;
  }
  return "expired";
}

// What the vault says of a request that cannot be filled or deleted any more. When it was deleted is not known.
Response of_request(const Error& error) {
  switch (error.code) {
    case Errc::kAlreadyExists:
      return problem_response(Problem::kFilled);
    case Errc::kSpent:
      return problem_response(Problem::kDeleted);
    default:
      return problem_of(error);
  }
}

}  // namespace

Response create_request(const Api::Parts& parts, const Request& request) {
  const auto body = parse_new_request_body(request, parts.limits);
  if (!body) {
    return invalid_body_problem(body.error());
  }
  if (auto refusal = refuse_webhook(parts, request, body->webhook, "body", "webhook")) {
    return std::move(*refusal);
  }
  const Held<NewRequest> held =
      parts.vault.create_request(body->ttl, request.address, body->webhook, request.principal);
  if (!held.outcome) {
    return held_by(held.ticket, problem_of(held.outcome.error()));
  }
  JsonObject json(kAnswerBytesMax);
  json.text("request_key", held.outcome->request_key.format().expose())
      .text("fill_key", held.outcome->fill_key.format().expose())
      .time("expires_at", held.outcome->expires_at);
  tell_webhook(json, held.outcome->webhook);
  return held_by(held.ticket, json_response(201, json.take()));
}

Response request_status(const Api::Parts& parts, const Request& request) {
  const auto text = parse_key_body(request.body, "fill_key");
  if (!text) {
    return invalid_body_problem(text.error());
  }
  const Result<SecretKey> key = key_of(*text);
  if (!key) {
    return problem_of(key.error());
  }
  const Held<RequestStatus> held = parts.vault.request_status(*key);
  if (!held.outcome) {
    return held_by(held.ticket, problem_of(held.outcome.error()));
  }
  return held_by(held.ticket, json_response(200, JsonObject(kAnswerBytesMax)
                                                     .text("state", name_of(held.outcome->stage))
                                                     .time("expires_at", held.outcome->expires_at)
                                                     .take()));
}

Response fill(const Api::Parts& parts, const Request& request) {
  auto body = parse_fill(request);
  if (!body) {
    return invalid_body_problem(body.error());
  }
  const Result<SecretKey> key = key_of(body->fill_key);
  if (!key) {
    return problem_of(key.error());
  }
  const Held<Created> held = parts.vault.fill(*key, std::move(body->secret), request.address,
                                              std::move(body->idempotency_key), request.only_again);
  if (!held.outcome) {
    return held_by(held.ticket, of_request(held.outcome.error()));
  }
  // Not the key of what was stored: who fills a request cannot read it.
  return created(held, JsonObject(kAnswerBytesMax)
                           .text("receipt_key", held.outcome->receipt.format().expose())
                           .time("expires_at", held.outcome->expires_at)
                           .take());
}

Response delete_request(const Api::Parts& parts, const Request& request) {
  const auto body = parse_request_keys_body(request.body);
  if (!body) {
    return invalid_body_problem(body.error());
  }
  const Result<SecretKey> fill_key = key_of(body->fill_key);
  const Result<SecretKey> request_key = key_of(body->request_key);
  if (!fill_key || !request_key) {
    return problem_response(Problem::kNotFound);
  }
  const auto held = parts.vault.delete_request(*fill_key, *request_key, request.address);
  if (held.outcome) {
    return held_by(held.ticket, deleted(*held.outcome));
  }
  if (held.outcome.error().code == Errc::kSpent) {
    const Held<Status> filled = parts.vault.status(*request_key);
    const Ticket& later = filled.ticket.sequence() > held.ticket.sequence() ? filled.ticket : held.ticket;
    if (!filled.outcome && filled.outcome.error().code != Errc::kNotFound) {
      return held_by(later, problem_of(filled.outcome.error()));
    }
    if (filled.outcome && filled.outcome->stage == Stage::kRetrieved) {
      return held_by(later, gone_response(Problem::kRetrieved, filled.outcome->changed_at));
    }
  }
  return held_by(held.ticket, of_request(held.outcome.error()));
}

}  // namespace disposable::v2
