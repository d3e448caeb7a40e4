// The life of a secret as pure functions: a record and `now` in, the next record and its events out.
//
//   live -> retrieved | deleted | expired -> purged
//
// A secret of API v2 is live until its last view is taken. Whoever brings a claim along with a retrieval may repeat it
// while the claim is open, also when the secret is spent by then.
//
// Every decision about time is made here by comparing the record's own timestamps with `now`; sweeping only reclaims
// space, destroys keys and writes the `expired` event. No I/O, no clock, no randomness except event ids.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/record.h"

namespace disposable {

// The specification's promise: an entry stays in the server cache this long after creation, whatever happens to it.
inline constexpr std::chrono::seconds kRetentionMin{300};
// Five guesses cannot find a passphrase worth the name, and a person who mistypes has five tries.
inline constexpr int kWrongPassphrasesMax = 5;
inline constexpr std::chrono::minutes kLockDuration{15};
// Long enough for a reader who lost an answer to ask again by himself.
inline constexpr std::chrono::seconds kClaimDuration{60};
// More than anybody needs who only lost answers; each is a row in the audit log.
inline constexpr int kRepetitionsMax = 20;
// What became of a secret of API v2 is told for this long after the secret could have been read.
inline constexpr std::chrono::hours kReceiptRetention{24 * 30};

// What a caller is told about a record.
enum class Standing : std::uint8_t {
  kLive,
  kSpent,    // retrieved or deleted: 410
  kOverdue,  // still marked live but past its expiry: expire it, then answer as kAbsent
  kAbsent,   // expired, or past its retention: 404
};
Standing standing(const Record& record, WallTime now);

// When the entry may be forgotten: the later of its expiry and the promised retention, and for API v2 the receipt's
// after that.
WallTime retain_until(const Record& record);
// When the sweeper must look at it next; never before `now`.
WallTime due_at(const Record& record, WallTime now);

// Who asked, and the event ids to use; only mark_denied needs the second.
struct Origin {
  std::string_view address;
  EventId first_event;
  EventId second_event;
  std::string_view token{};  // token_id() of what a creator has shown, or empty
};

struct Transition {
  Record next;
  std::vector<Event> events;
};

// Each event but these has the record's webhook: refusals, because anybody could cause any number of them; repeated
// answers, because the view was told; and creations, because the creator knows.
Event created_event(const Record& record, const Origin& origin);
// As created_event(), of what was put into a request: its asker does not know.
Event filled_event(const Record& record, const Origin& origin);
// By how many an event makes the live secrets more. Requests are none.
int live_change(const Event& event);

// Over is also a claim whose end lies impossibly far ahead: a clock set back must not lengthen it. So a node whose
// clock is more than kClaimDuration behind ends the claims that others have opened.
bool is_open(const OpenClaim& claim, WallTime now);
// Until when a claim of now is open: never beyond the secret's expiry.
WallTime claim_until(const Record& record, WallTime now);
// Null: there is none of that name.
const OpenClaim* find_claim(const Record& record, const RecordHash& name);
// Without the claims that are over, and without what only they kept.
Record close_claims(Record record, WallTime now);

// Each requires the standing in its comment.
// kLive: takes a view, and the last one spends. What `claim` needs to be open is kept.
Transition mark_retrieved(const Record& record, WallTime now, const Origin& origin,
                          std::optional<OpenClaim> claim = std::nullopt);
// In any standing, with one of its claims that is open and was repeated less than kRepetitionsMax times: takes no view.
Transition mark_repeated(const Record& record, const OpenClaim& claim, WallTime now, const Origin& origin);
Transition mark_deleted(const Record& record, WallTime now, const Origin& origin);  // kLive; passphrase verified
// kLive, when a deletion finds that all of it was handed out, or is about to be: what is left ends as retrieved.
Transition mark_handed_out(const Record& record, WallTime now, const Origin& origin);
Transition mark_expired(const Record& record, WallTime now, const Origin& origin);  // kOverdue
// kLive, or with an open claim, and not locked: counts a wrong passphrase or proof; the fifth one locks and starts the
// count anew.
enum class Denial : std::uint8_t { kPassphrase, kProof };
Transition mark_denied(const Record& record, WallTime now, const Origin& origin, Denial denial = Denial::kPassphrase);

// For a backup: the record without what could open the secret, and without a payload. A live one stays live.
Record without_keys(Record record);
// kLive, from a backup: nobody knows whether it was spent since, so it counts as deleted.
Transition mark_lost(const Record& record, WallTime now, const Origin& origin);

// Zero when what the passphrase guards is not locked, else how long it still is (at least one second).
std::chrono::seconds locked_for(const Record& record, WallTime now);

// What the sweeper must do with an entry that is due.
enum class SweepStep : std::uint8_t {
  kNothing,      // not due after all
  kExpire,       // past its expiry and not yet marked so
  kCloseClaims,  // a claim is over: what it kept must go
  kDropPayload,  // spent, and the promised retention is over: the unreadable ciphertext may go
  kPurge,        // nothing keeps it any longer
};
SweepStep sweep_step(const Record& record, WallTime now);

}  // namespace disposable
