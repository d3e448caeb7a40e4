#include "core/vault_steps.h"

namespace disposable {

namespace {

Ticket later(const Ticket& a, const Ticket& b) { return a.sequence() < b.sequence() ? b : a; }

}  // namespace

Held<NewRequest> Vault::create_request(std::chrono::seconds ttl, std::string_view address) {
  if (ttl.count() <= 0) {
    return {fail(Errc::kInvalidArgument, "a request without time")};
  }
  RandomBatch random(parts_.random);
  SecretKey fill_key = SecretKey::generate(random);
  const WallTime now = parts_.clock.now();
  Record record;
  record.format = RecordFormat::kApiV2;
  record.request = true;
  record.has_payload = true;  // an empty one, so that stores take the request for live
  record.created_at = now;
  record.expires_at = now + ttl;
  record.epoch = parts_.keyring.current_epoch();
  record.fingerprint = parts_.keyring.fingerprint(fill_key);
  const Event event = created_event(record, {address, EventId::generate(now, random), {}});
  const Result<Ticket> ticket = parts_.store.insert(parts_.keyring.store_id(fill_key),
                                                    {encode_record(record), due_at(record, now)}, {}, {&event, 1});
  if (!ticket) {
    return {fail(ticket.error().code == Errc::kAlreadyExists ? Error{Errc::kUnavailable, "a generated key repeated"}
                                                             : ticket.error())};
  }
  SecretKey request_key = parts_.keyring.request_key(fill_key);
  return {NewRequest{std::move(request_key), std::move(fill_key), record.expires_at}, *ticket};
}

tl::expected<Vault::Current, Vault::Refusal> Vault::look_at_request(const SecretKey& fill_key) {
  tl::expected<Current, Refusal> current = look(parts_.keyring.store_id(fill_key));
  if (current && (!current->record.request || current->now >= retain_until(current->record))) {
    return tl::unexpected(Refusal{{Errc::kNotFound, "no such request"}, current->ticket});
  }
  return current;
}

Held<Created> Vault::fill(const SecretKey& fill_key, SecretBytes secret, std::string_view address) {
  if (secret.empty()) {
    return {fail(Errc::kInvalidArgument, "nothing to fill in")};
  }
  const tl::expected<Current, Refusal> request = only_live(look_at_request(fill_key));
  if (!request) {
    return {fail(request.error().error), request.error().ticket};
  }
  RandomBatch random(parts_.random);
  NewSharedSecret filling;
  filling.secret = std::move(secret);
  filling.ttl =
      std::chrono::duration_cast<std::chrono::seconds>(request->record.expires_at - request->record.created_at);
  const SecretKey key = parts_.keyring.request_key(fill_key);
  Held<Created> filled = insert(key, filling, {}, random, address);
  if (!filled.outcome) {
    return filled;
  }
  // A deletion meanwhile may have come too early to meet what was filled in.
  const tl::expected<Current, Refusal> still = only_live(look_at_request(fill_key));
  if (!still && still.error().error.code == Errc::kSpent) {
    const Held<WallTime> erased = erase(parts_.keyring.store_id(key), {RecordFormat::kApiV2, {}, address});
    if (erased.outcome) {
      return {fail(Errc::kSpent, "the request was deleted"), later(still.error().ticket, erased.ticket)};
    }
  }
  return filled;
}

Held<RequestStatus> Vault::request_status(const SecretKey& fill_key) {
  const tl::expected<Current, Refusal> request = look_at_request(fill_key);
  if (!request) {
    return {fail(request.error().error), request.error().ticket};
  }
  if (request->record.state == State::kDeleted) {
    return {RequestStatus{RequestStage::kDeleted, request->record.expires_at}, request->ticket};
  }
  const Result<Current> filled = load(parts_.keyring.store_id(parts_.keyring.request_key(fill_key)));
  if (filled) {
    return {RequestStatus{RequestStage::kFilled, filled->record.expires_at}, later(request->ticket, filled->ticket)};
  }
  if (filled.error().code != Errc::kNotFound) {
    return {fail(filled.error())};
  }
  const bool live = request->record.state == State::kLive;
  return {RequestStatus{live ? RequestStage::kWaiting : RequestStage::kExpired, request->record.expires_at},
          request->ticket};
}

Held<WallTime> Vault::delete_request(const SecretKey& fill_key, const SecretKey& request_key,
                                     std::string_view address) {
  if (!equal_constant_time(parts_.keyring.request_key(fill_key).expose(), request_key.expose())) {
    return {fail(Errc::kNotFound, "the keys do not belong together")};
  }
  const StoreId id = parts_.keyring.store_id(fill_key);
  Held<WallTime> deleted{WallTime{}};
  for (;;) {
    const tl::expected<Current, Refusal> request = only_live(look_at_request(fill_key));
    if (!request) {
      deleted = {fail(request.error().error), request.error().ticket};
      break;
    }
    const Result<Ticket> marked =
        apply(id, *request, mark_deleted(request->record, request->now, origin(request->now, address)));
    if (marked) {
      deleted = {request->now, *marked};
      break;
    }
    if (marked.error().code != Errc::kConflict) {
      return {fail(marked.error())};
    }
  }
  // What was filled in lives longer than the request.
  const Held<WallTime> filled = erase(parts_.keyring.store_id(request_key), {RecordFormat::kApiV2, {}, address});
  if (filled.outcome) {
    return {*filled.outcome, later(deleted.ticket, filled.ticket)};
  }
  const Errc code = filled.outcome.error().code;
  if (code != Errc::kNotFound && code != Errc::kSpent) {
    return {fail(filled.outcome.error())};
  }
  return deleted;
}

}  // namespace disposable
