// EventLoop: who may create, and what a creation counts as.

#include "http/event_loop_client.h"
#include "http/media_type.h"

namespace disposable {

// Before the body is read, since whoever may not create need not send one; and after it.
std::optional<Response> EventLoop::ask_creators(Exchange& exchange) {
  if (!exchange.route.creates()) {
    return std::nullopt;
  }
  Request& request = exchange.head.request;
  Principal principal = settings_->creators.admit(exchange.client, request.headers, front_.clock.now());
  if (!principal) {
    return creation_refused(principal.error(), exchange.form);
  }
  exchange.principal = std::move(*principal);
  request.principal = exchange.principal;
  return std::nullopt;
}

Admission::Verdict EventLoop::admit_create(Exchange& creation) {
  // Of JSON only the secret in it is stored.
  const std::string_view type = creation.head.request.header("Content-Type").value_or("");
  if (is_bytes(type) && creation.head.content_length > settings_->limits.stored_bytes_max) {
    front_.hits.count(Limit::kStorage);
    return Refusal{Limit::kStorage, {}, /*never=*/true};
  }
  const auto admit = [&] {
    return creation.principal.empty()
               ? front_.admission.admit_create(creation.client, size_of(creation).body_bytes, now_)
               : front_.token_limits.admit_create(creation.principal, size_of(creation), now_);
  };
  Admission::Verdict refusal = admit();
  const bool over_bytes = refusal && (refusal->limit == Limit::kAddressBytes || refusal->limit == Limit::kTokenBytes);
  if (over_bytes && !refusal->never && creation.route.repeats() && creation.head.request.header("Idempotency-Key")) {
    // Perhaps it was paid for by a creation whose answer was lost, which the vault knows; else that refuses.
    creation.head.request.only_again = refusal->retry_after;
    refusal = admit();
  }
  return refusal;
}

TokenLimits::Size EventLoop::size_of(const Exchange& creation) const {
  return creation.head.request.only_again
             ? TokenLimits::Size{}
             : TokenLimits::Size{creation.head.content_length, front_.api.promised_bytes(creation.route)};
}

// What it announced was not stored.
void EventLoop::refund_create(const Exchange& exchange) {
  if (exchange.principal.empty()) {
    front_.admission.refund_create(exchange.client, size_of(exchange).body_bytes, now_);
  } else {
    front_.token_limits.refund_create(exchange.principal, size_of(exchange), now_);
  }
}

}  // namespace disposable
