#include "core/lifecycle.h"

#include <algorithm>

namespace disposable {

namespace {

WallTime retention_over(const Record& record) { return record.created_at + kRetentionMin; }

Event make_event(const Record& record, Action action, const EventId& id, WallTime at, std::string_view address,
                 std::string extra_data = "{}") {
  return {id, record.fingerprint, action, at, std::string(address), std::move(extra_data)};
}

// The one place where a secret becomes unreadable: without its wrapped key the kept ciphertext is noise.
Record spend(Record record, State state, WallTime now) {
  record.state = state;
  record.wrapped_key.clear();
  record.verifier.clear();
  record.has_payload = record.has_payload && now < retention_over(record);
  return record;
}

}  // namespace

WallTime retain_until(const Record& record) { return std::max(record.expires_at, retention_over(record)); }

Standing standing(const Record& record, WallTime now) {
  switch (record.state) {
    case State::kLive:
      return now < record.expires_at ? Standing::kLive : Standing::kOverdue;
    case State::kRetrieved:
    case State::kDeleted:
      return now < retain_until(record) ? Standing::kSpent : Standing::kAbsent;
    case State::kExpired:
      return Standing::kAbsent;
  }
  return Standing::kAbsent;
}

WallTime due_at(const Record& record, WallTime now) {
  if (record.state == State::kLive) {
    return std::max(record.expires_at, now);
  }
  return std::max(record.has_payload ? retention_over(record) : retain_until(record), now);
}

Event created_event(const Record& record, const Origin& origin) {
  const auto ttl = std::chrono::duration_cast<std::chrono::seconds>(record.expires_at - record.created_at);
  return make_event(record, Action::kCreated, origin.first_event, record.created_at, origin.address,
                    "{\"ttl_seconds\":" + std::to_string(ttl.count()) +
                        ",\"passphrase\":" + (record.guarded ? "true" : "false") + "}");
}

Transition mark_retrieved(const Record& record, WallTime now, const Origin& origin) {
  return {spend(record, State::kRetrieved, now),
          {make_event(record, Action::kRetrieved, origin.first_event, now, origin.address)}};
}

Transition mark_deleted(const Record& record, WallTime now, const Origin& origin) {
  return {spend(record, State::kDeleted, now),
          {make_event(record, Action::kDeleted, origin.first_event, now, origin.address)}};
}

Transition mark_expired(const Record& record, WallTime now, const Origin& origin) {
  return {spend(record, State::kExpired, now),
          {make_event(record, Action::kExpired, origin.first_event, now, origin.address)}};
}

Transition mark_denied(const Record& record, WallTime now, const Origin& origin) {
  Transition transition{record, {}};
  Record& next = transition.next;
  ++next.wrong_passphrases;
  const std::string attempts = "{\"attempts\":" + std::to_string(next.wrong_passphrases);
  transition.events.push_back(
      make_event(record, Action::kDenied, origin.first_event, now, origin.address, attempts + "}"));
  if (next.wrong_passphrases >= kWrongPassphrasesMax) {
    next.wrong_passphrases = 0;
    next.locked_until = now + kLockDuration;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(kLockDuration).count();
    transition.events.push_back(make_event(record, Action::kLocked, origin.second_event, now, origin.address,
                                           attempts + ",\"seconds\":" + std::to_string(seconds) + "}"));
  }
  return transition;
}

Record without_keys(Record record) {
  record.wrapped_key.clear();
  record.verifier.clear();
  record.has_payload = false;
  return record;
}

Transition mark_lost(const Record& record, WallTime now, const Origin& origin) {
  return {without_keys(spend(record, State::kDeleted, now)),
          {make_event(record, Action::kDeleted, origin.first_event, now, origin.address, "{\"restored\":true}")}};
}

std::chrono::seconds locked_for(const Record& record, WallTime now) {
  if (now >= record.locked_until) {
    return std::chrono::seconds{0};
  }
  return std::chrono::ceil<std::chrono::seconds>(record.locked_until - now);
}

SweepStep sweep_step(const Record& record, WallTime now) {
  if (record.state == State::kLive) {
    return now < record.expires_at ? SweepStep::kNothing : SweepStep::kExpire;
  }
  if (now >= retain_until(record)) {
    return SweepStep::kPurge;
  }
  return record.has_payload && now >= retention_over(record) ? SweepStep::kDropPayload : SweepStep::kNothing;
}

}  // namespace disposable
