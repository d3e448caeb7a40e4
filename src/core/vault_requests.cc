#include "core/vault_steps.h"
#include "core/webhook_url.h"

namespace disposable {

namespace {

Ticket later(const Ticket& a, const Ticket& b) { return a.sequence() < b.sequence() ? b : a; }

// What the asker was told is not for who fills.
Held<Created> for_filler(Held<Created> filled) {
  if (filled.outcome) {
    filled.outcome->webhook.reset();
  }
  return filled;
}

}  // namespace

// A request has the fingerprint of what is put in, so that both are one story in the log and to a webhook.
Held<NewRequest> Vault::create_request(std::chrono::seconds ttl, std::string_view address, const SecretBytes& webhook,
                                       std::string_view token) {
  if (ttl.count() <= 0 || (!webhook.empty() && !check_webhook_url(as_text(webhook.expose())))) {
    return {fail(Errc::kInvalidArgument, "a request that cannot be created so")};
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
  SecretKey request_key = parts_.keyring.request_key(fill_key);
  record.fingerprint = parts_.keyring.fingerprint(request_key);
  if (!webhook.empty()) {
    record.webhook = seal_webhook(parts_.keyring, record.fingerprint, webhook.expose(), random);
  }
  const Event event = created_event(record, {address, EventId::generate(now, random), {}, token});
  const Result<Ticket> ticket = parts_.store.insert(parts_.keyring.store_id(fill_key),
                                                    {encode_record(record), due_at(record, now)}, {}, {&event, 1});
  if (!ticket) {
    return {fail(ticket.error().code == Errc::kAlreadyExists ? Error{Errc::kUnavailable, "a generated key repeated"}
                                                             : ticket.error())};
  }
  NewRequest created{std::move(request_key), std::move(fill_key), record.expires_at};
  if (!webhook.empty()) {
    created.webhook = webhook_identity(parts_.keyring, record.fingerprint);
  }
  return {std::move(created), *ticket};
}

tl::expected<Vault::Current, Vault::Refusal> Vault::look_at_request(const SecretKey& fill_key) {
  tl::expected<Current, Refusal> current = look(parts_.keyring.store_id(fill_key));
  if (current && (!current->record.request || current->now >= retain_until(current->record))) {
    return tl::unexpected(Refusal{{Errc::kNotFound, "no such request"}, current->ticket});
  }
  return current;
}

Held<Created> Vault::fill(const SecretKey& fill_key, SecretBytes secret, std::string_view address,
                          std::string idempotency_key, std::optional<std::chrono::seconds> only_again) {
  const tl::expected<Current, Refusal> request = look_at_request(fill_key);
  if (!request) {
    return {fail(request.error().error), request.error().ticket};
  }
  NewSharedSecret filling;
  filling.secret = std::move(secret);
  filling.ttl =
      std::chrono::duration_cast<std::chrono::seconds>(request->record.expires_at - request->record.created_at);
  filling.idempotency_key = std::move(idempotency_key);
  if (!is_valid(filling)) {
    return {fail(Errc::kInvalidArgument, "this cannot be filled in")};
  }
  const SecretKey key = parts_.keyring.request_key(fill_key);
  const bool open = only_live(request).has_value();
  if (open && !only_again) {
    RandomBatch random(parts_.random);
    Held<Created> filled = insert(key, filling, {{}, {}, request->record.webhook, true}, random, address);
    if (filled.outcome && !request->record.webhook.empty()) {
      Transition handed_over{request->record, {}};
      handed_over.next.webhook.clear();
      ignore(apply(parts_.keyring.store_id(fill_key), *request, handed_over), "the request's end is then told as well");
    }
    if (filled.outcome || filled.outcome.error().code != Errc::kAlreadyExists) {
      return for_filler(std::move(filled));
    }
  }
  // Filled before, perhaps by the same caller; deleted meanwhile; or over by now, when what was put in may still be
  // there.
  if (!filling.idempotency_key.empty()) {
    Held<Created> again = repeat(key, filling, address);
    const bool another = !again.outcome && (again.outcome.error().code == Errc::kNotFound ||
                                            again.outcome.error().code == Errc::kAlreadyExists);
    if (!another) {
      return for_filler(std::move(again));
    }
    if (only_again && open && again.outcome.error().code == Errc::kNotFound) {
      return {nothing_more(*only_again)};
    }
  }
  const tl::expected<Current, Refusal> still = only_live(look_at_request(fill_key));
  const bool over = !still && (!open || still.error().error.code == Errc::kSpent);
  return over ? Held<Created>{fail(still.error().error), still.error().ticket}
              : Held<Created>{fail(Errc::kAlreadyExists, "filled before")};
}

Held<RequestStatus> Vault::request_status(const SecretKey& fill_key) {
  const tl::expected<Current, Refusal> request = look_at_request(fill_key);
  if (!request) {
    return {fail(request.error().error), request.error().ticket};
  }
  const Record& record = request->record;
  const Result<Current> filled = load(parts_.keyring.store_id(parts_.keyring.request_key(fill_key)));
  if (!filled && filled.error().code != Errc::kNotFound) {
    return {fail(filled.error())};
  }
  // A deletion is not over while there is something to read, and came too late where it was read.
  const bool readable =
      filled && (standing(filled->record, filled->now) == Standing::kLive || filled->record.state == State::kRetrieved);
  const bool withdrawn = record.state == State::kDeleted || (filled && filled->record.bytes == 0);
  if (filled && (readable || !withdrawn)) {
    return {RequestStatus{RequestStage::kFilled, filled->record.expires_at}, later(request->ticket, filled->ticket)};
  }
  if (withdrawn) {
    return {RequestStatus{RequestStage::kDeleted, record.expires_at},
            filled ? later(request->ticket, filled->ticket) : request->ticket};
  }
  return {
      RequestStatus{record.state == State::kLive ? RequestStage::kWaiting : RequestStage::kExpired, record.expires_at},
      request->ticket};
}

Held<WallTime> Vault::mark_request_deleted(const SecretKey& fill_key, std::string_view address) {
  for (;;) {
    const tl::expected<Current, Refusal> request = only_live(look_at_request(fill_key));
    if (!request) {
      return {fail(request.error().error), request.error().ticket};
    }
    const Result<Ticket> marked = apply(parts_.keyring.store_id(fill_key), *request,
                                        mark_deleted(request->record, request->now, origin(request->now, address)));
    if (marked) {
      return {request->now, *marked};
    }
    if (marked.error().code != Errc::kConflict) {
      return {fail(marked.error())};
    }
  }
}

Result<Ticket> Vault::bar_filling(const SecretKey& fill_key, const SecretKey& request_key) {
  const Result<Current> request = load(parts_.keyring.store_id(fill_key));
  if (!request) {
    return fail(request.error());
  }
  Record record;
  record.format = RecordFormat::kApiV2;
  record.state = State::kDeleted;
  record.created_at = request->record.created_at;
  record.expires_at = request->record.expires_at;
  record.changed_at = request->now;
  record.views_left = 0;
  record.epoch = request->record.epoch;
  record.fingerprint = parts_.keyring.fingerprint(request_key);
  return parts_.store.insert(parts_.keyring.store_id(request_key),
                             {encode_record(record), due_at(record, request->now)}, {}, {});
}

// First the request, so that nobody begins to fill it; then what was filled in, which lives longer than the request.
// Who has begun before is still to come, and meets a tombstone in the place of what he would fill in.
Held<WallTime> Vault::delete_request(const SecretKey& fill_key, const SecretKey& request_key,
                                     std::string_view address) {
  if (!equal_constant_time(parts_.keyring.request_key(fill_key).expose(), request_key.expose())) {
    return {fail(Errc::kNotFound, "the keys do not belong together")};
  }
  const Result<Current> answer = load(parts_.keyring.store_id(request_key));
  if (answer && answer->record.state == State::kRetrieved) {
    return {fail(Errc::kSpent, "what was filled in was retrieved"), answer->ticket};  // and nothing is deleted
  }
  Held<WallTime> deleted = mark_request_deleted(fill_key, address);
  const bool over = deleted.outcome || deleted.outcome.error().code == Errc::kSpent;
  if (!over && deleted.outcome.error().code != Errc::kNotFound) {
    return deleted;
  }
  const Caller caller{RecordFormat::kApiV2, {}, address};
  Held<WallTime> filled = erase(parts_.keyring.store_id(request_key), caller);
  if (over && !filled.outcome && filled.outcome.error().code == Errc::kNotFound) {
    const Result<Ticket> barred = bar_filling(fill_key, request_key);
    if (barred) {
      deleted.ticket = later(deleted.ticket, *barred);
    } else if (barred.error().code != Errc::kAlreadyExists) {
      return {fail(barred.error())};
    } else {
      filled = erase(parts_.keyring.store_id(request_key), caller);
    }
  }
  if (filled.outcome) {
    return {*filled.outcome, later(deleted.ticket, filled.ticket)};
  }
  const Errc code = filled.outcome.error().code;
  if (code != Errc::kNotFound && code != Errc::kSpent) {
    return {fail(filled.outcome.error())};
  }
  if (code == Errc::kSpent && deleted.outcome) {  // perhaps somebody has read it meanwhile
    const Result<Current> spent = load(parts_.keyring.store_id(request_key));
    if (!spent && spent.error().code != Errc::kNotFound) {
      return {fail(spent.error())};
    }
    if (spent && spent->record.state == State::kRetrieved) {
      return {fail(filled.outcome.error()), later(deleted.ticket, filled.ticket)};
    }
  }
  return deleted;
}

}  // namespace disposable
