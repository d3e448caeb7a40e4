// Record: the stored state of one secret, and its byte format.
//
// Format version 1, of the secrets of API v1, little-endian; all fields always present:
//   offset size
//        0    1  format version, 1
//        1    1  state: 1 live, 2 retrieved, 3 deleted, 4 expired
//        2    1  flags: bit 0 a passphrase guards deletion, bit 1 the payload is still kept
//        3    1  wrong passphrases since the last lock
//        4    8  created_at, milliseconds since the Unix epoch
//       12    8  expires_at
//       20    8  locked_until, 0 when it was never locked
//       28    4  keyring epoch
//       32   16  audit fingerprint
//       48    4  length W, then W bytes: the data key sealed under the wrap key; W = 0 once spent
//     52+W    4  length V, then V bytes: the passphrase verifier sealed under its wrap key; V = 0 without or once spent
//
// Format version 2, of the secrets and requests of API v2: the same with 2 as its version, where bit 0 guards
// retrieval, too, bit 2 says that a proof is asked for and bit 3 that this is a request; V = 0 once spent and no claim
// is open; then
//   56+W+V    8  changed_at: when it was last retrieved, deleted or expired; 0: never
//   64+W+V    1  views, 1 to 100
//   65+W+V    1  views that are left; 0 once spent
//   66+W+V    8  bytes of the secret
//   74+W+V    4  length P, then P bytes: keyed hash of the proof (16 bytes); P = 0 without, or when V is wiped
//        +    4  length I, then I bytes: keyed hash of what was created (16 bytes), to know a repetition by; I = 0
//                without an idempotency key or once spent
//        +    4  length H, then H bytes: the sealed URL of the secret's webhook (core/webhook.h); H = 0 without, or
//        once
//                spent
//        +    1  number of claims, at most one for each view that was taken; none once deleted or expired; for each
//                  16  keyed hash of the claim
//                   8  until when it is open
//                   1  views that were left
//                   1  how often the answer was repeated
//                   4  length, then the data key sealed under the claim's wrap key
//
// Not secret: it holds ciphertext, keyed hashes and times. A value.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "crypto/secret_key.h"

namespace disposable {

// Stored values; never renumber. "purged" has no number: the record is gone.
enum class State : std::uint8_t { kLive = 1, kRetrieved = 2, kDeleted = 3, kExpired = 4 };
enum class RecordFormat : std::uint8_t { kApiV1 = 1, kApiV2 = 2 };

// Names a reader's claim, or knows a proof or a repetition again: a keyed hash, not secret.
using RecordHash = std::array<std::uint8_t, 16>;

// What lets one reader have the same answer again.
struct OpenClaim {
  RecordHash name{};
  WallTime until;
  std::uint8_t views_left = 0;
  std::uint8_t repetitions = 0;
  Bytes wrapped_key;

  bool operator==(const OpenClaim&) const = default;
};

struct Record {
  RecordFormat format = RecordFormat::kApiV1;
  State state = State::kLive;
  bool guarded = false;      // a passphrase guards deletion, and in format 2 retrieval
  bool has_payload = false;  // the ciphertext is still kept, readable or not
  std::uint8_t wrong_passphrases = 0;
  WallTime created_at;
  WallTime expires_at;
  WallTime locked_until;
  std::uint32_t epoch = 0;
  Fingerprint fingerprint;
  Bytes wrapped_key;
  Bytes verifier;

  // In format 1 these are as they are here.
  bool asks_proof = false;
  bool request = false;  // no secret, but the place for one
  WallTime changed_at;
  std::uint8_t views = 1;
  std::uint8_t views_left = 1;
  std::uint64_t bytes = 0;
  std::optional<RecordHash> proof;
  std::optional<RecordHash> repetition;
  Bytes webhook;
  std::vector<OpenClaim> claims;

  bool operator==(const Record&) const = default;
};

Bytes encode_record(const Record& record);
// kCorrupt for what no record can be: other bytes than encode_record writes, times before 1970 or after 9999, and what
// contradicts itself.
Result<Record> decode_record(ByteView bytes);

}  // namespace disposable
