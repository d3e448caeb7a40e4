#include "core/lifecycle.h"

#include <algorithm>

namespace disposable {

namespace {

WallTime retention_over(const Record& record) { return record.created_at + kRetentionMin; }

bool is_v2(const Record& record) { return record.format == RecordFormat::kApiV2; }

// For the log alone. `members` are those of a JSON object, without its braces.
Event make_event(const Record& record, Action action, const EventId& id, WallTime at, std::string_view address,
                 std::string members = {}) {
  if (record.request) {
    members += members.empty() ? "\"request\":true" : ",\"request\":true";
  }
  return {id, record.fingerprint, action, at, std::string(address), "{" + members + "}"};
}

// As make_event(), and the record's webhook is told, too.
Event make_told_event(const Record& record, Action action, const EventId& id, WallTime at, std::string_view address,
                      std::string members = {}) {
  Event event = make_event(record, action, id, at, address, std::move(members));
  event.webhook = record.webhook;
  return event;
}

std::string views_left_member(int views_left) { return "\"views_left\":" + std::to_string(views_left); }

// What only an open claim needs goes with the last one.
Record without_leftovers(Record record, WallTime now) {
  if (record.state != State::kLive && record.claims.empty()) {
    record.verifier.clear();
    record.proof.reset();
    record.has_payload = record.has_payload && now < retention_over(record);
  }
  return record;
}

// The one place where a secret becomes unreadable: without its wrapped key the kept ciphertext is noise.
Record spend(Record record, State state, WallTime now) {
  record.state = state;
  record.wrapped_key.clear();
  if (is_v2(record)) {
    record.repetition.reset();
    record.webhook.clear();
    record.views_left = 0;
    record.changed_at = now;
  }
  return without_leftovers(std::move(record), now);
}

Record end(Record record, State state, WallTime now) {
  record.claims.clear();
  return spend(std::move(record), state, now);
}

bool has_closed_claim(const Record& record, WallTime now) {
  return std::any_of(record.claims.begin(), record.claims.end(),
                     [now](const OpenClaim& claim) { return !is_open(claim, now); });
}

}  // namespace

bool is_open(const OpenClaim& claim, WallTime now) {
  // Twice, because the clocks of several nodes differ a little.
  return now < claim.until && claim.until - now <= 2 * kClaimDuration;
}

WallTime claim_until(const Record& record, WallTime now) { return std::min(now + kClaimDuration, record.expires_at); }

const OpenClaim* find_claim(const Record& record, const RecordHash& name) {
  const auto found = std::find_if(record.claims.begin(), record.claims.end(),
                                  [&name](const OpenClaim& claim) { return claim.name == name; });
  return found == record.claims.end() ? nullptr : &*found;
}

Record close_claims(Record record, WallTime now) {
  std::erase_if(record.claims, [now](const OpenClaim& claim) { return !is_open(claim, now); });
  return without_leftovers(std::move(record), now);
}

WallTime retain_until(const Record& record) {
  const WallTime until = std::max(record.expires_at, retention_over(record));
  return is_v2(record) ? until + kReceiptRetention : until;
}

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
  WallTime due = record.state == State::kLive ? record.expires_at : retain_until(record);
  if (record.state != State::kLive && record.has_payload && record.claims.empty()) {
    due = retention_over(record);
  }
  for (const OpenClaim& claim : record.claims) {
    due = std::min(due, is_open(claim, now) ? claim.until : now);
  }
  return std::max(due, now);
}

Event created_event(const Record& record, const Origin& origin) {
  const auto ttl = std::chrono::duration_cast<std::chrono::seconds>(record.expires_at - record.created_at);
  std::string members = "\"ttl_seconds\":" + std::to_string(ttl.count());
  if (!record.request) {
    members += ",\"passphrase\":" + std::string(record.guarded ? "true" : "false");
  }
  if (is_v2(record) && !record.request) {
    members += ",\"proof\":" + std::string(record.asks_proof ? "true" : "false") +
               ",\"views\":" + std::to_string(record.views);
  }
  if (!origin.token.empty()) {
    members += ",\"token\":\"" + std::string(origin.token) + "\"";
  }
  return make_event(record, Action::kCreated, origin.first_event, record.created_at, origin.address,
                    std::move(members));
}

Event filled_event(const Record& record, const Origin& origin) {
  Event event = created_event(record, origin);
  event.webhook = record.webhook;
  return event;
}

int live_change(const Event& event) {
  const auto says = [&event](std::string_view member) { return event.extra_data.find(member) != std::string::npos; };
  if (says("\"request\":true")) {
    return 0;
  }
  switch (event.action) {
    case Action::kCreated:
      return 1;
    case Action::kRetrieved:
      return says("\"repeated\":true") || (says("\"views_left\":") && !says("\"views_left\":0}")) ? 0 : -1;
    case Action::kDeleted:
    case Action::kExpired:
      return -1;
    case Action::kDenied:
    case Action::kLocked:
      return 0;
  }
  return 0;
}

Transition mark_retrieved(const Record& record, WallTime now, const Origin& origin, std::optional<OpenClaim> claim) {
  if (!is_v2(record)) {
    return {spend(record, State::kRetrieved, now),
            {make_event(record, Action::kRetrieved, origin.first_event, now, origin.address)}};
  }
  Record next = close_claims(record, now);
  --next.views_left;
  next.changed_at = now;
  const int views_left = next.views_left;
  if (claim) {
    claim->until = claim_until(record, now);
    claim->views_left = next.views_left;
    next.claims.push_back(std::move(*claim));
  }
  return {views_left > 0 ? std::move(next) : spend(std::move(next), State::kRetrieved, now),
          {make_told_event(record, Action::kRetrieved, origin.first_event, now, origin.address,
                           views_left_member(views_left))}};
}

Transition mark_repeated(const Record& record, const OpenClaim& claim, WallTime now, const Origin& origin) {
  Transition transition{record,
                        {make_event(record, Action::kRetrieved, origin.first_event, now, origin.address,
                                    "\"repeated\":true," + views_left_member(claim.views_left))}};
  for (OpenClaim& own : transition.next.claims) {
    own.repetitions = static_cast<std::uint8_t>(own.repetitions + (own.name == claim.name ? 1 : 0));
  }
  return transition;
}

Transition mark_deleted(const Record& record, WallTime now, const Origin& origin) {
  return {end(record, State::kDeleted, now),
          {make_told_event(record, Action::kDeleted, origin.first_event, now, origin.address)}};
}

Transition mark_handed_out(const Record& record, WallTime now, const Origin& origin) {
  return {end(record, State::kRetrieved, now),
          {make_told_event(record, Action::kDeleted, origin.first_event, now, origin.address, "\"handed_out\":true")}};
}

Transition mark_expired(const Record& record, WallTime now, const Origin& origin) {
  return {end(record, State::kExpired, now),
          {make_told_event(record, Action::kExpired, origin.first_event, now, origin.address)}};
}

Transition mark_denied(const Record& record, WallTime now, const Origin& origin, Denial denial) {
  Transition transition{record, {}};
  Record& next = transition.next;
  ++next.wrong_passphrases;
  const std::string attempts = "\"attempts\":" + std::to_string(next.wrong_passphrases);
  transition.events.push_back(make_event(record, Action::kDenied, origin.first_event, now, origin.address,
                                         attempts + (denial == Denial::kProof ? ",\"proof\":true" : "")));
  if (next.wrong_passphrases >= kWrongPassphrasesMax) {
    next.wrong_passphrases = 0;
    next.locked_until = now + kLockDuration;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(kLockDuration).count();
    transition.events.push_back(make_told_event(record, Action::kLocked, origin.second_event, now, origin.address,
                                                attempts + ",\"seconds\":" + std::to_string(seconds)));
  }
  return transition;
}

Record without_keys(Record record) {
  record.wrapped_key.clear();
  record.verifier.clear();
  record.proof.reset();
  record.repetition.reset();
  record.webhook.clear();
  record.claims.clear();
  record.has_payload = false;
  return record;
}

Transition mark_lost(const Record& record, WallTime now, const Origin& origin) {
  return {without_keys(end(record, State::kDeleted, now)),
          {make_told_event(record, Action::kDeleted, origin.first_event, now, origin.address, "\"restored\":true")}};
}

std::chrono::seconds locked_for(const Record& record, WallTime now) {
  if (now >= record.locked_until) {
    return std::chrono::seconds{0};
  }
  return std::chrono::ceil<std::chrono::seconds>(record.locked_until - now);
}

SweepStep sweep_step(const Record& record, WallTime now) {
  const bool live = record.state == State::kLive;
  if (now >= (live ? record.expires_at : retain_until(record))) {
    return live ? SweepStep::kExpire : SweepStep::kPurge;
  }
  if (has_closed_claim(record, now)) {
    return SweepStep::kCloseClaims;
  }
  const bool droppable = !live && record.has_payload && record.claims.empty() && now >= retention_over(record);
  return droppable ? SweepStep::kDropPayload : SweepStep::kNothing;
}

}  // namespace disposable
