// Record: the stored state of one secret, and its byte format.
//
// Format version 1, little-endian; all fields always present:
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
// Not secret: it holds ciphertext and times. A value.

#pragma once

#include <cstdint>

#include "base/clock.h"
#include "crypto/secret_key.h"

namespace disposable {

// Stored values; never renumber. "purged" has no number: the record is gone.
enum class State : std::uint8_t { kLive = 1, kRetrieved = 2, kDeleted = 3, kExpired = 4 };

struct Record {
  State state = State::kLive;
  bool guarded = false;      // a passphrase guards deletion
  bool has_payload = false;  // the ciphertext is still kept, readable or not
  std::uint8_t wrong_passphrases = 0;
  WallTime created_at;
  WallTime expires_at;
  WallTime locked_until;
  std::uint32_t epoch = 0;
  Fingerprint fingerprint;
  Bytes wrapped_key;
  Bytes verifier;

  bool operator==(const Record&) const = default;
};

Bytes encode_record(const Record& record);
// kCorrupt for anything encode_record did not write.
Result<Record> decode_record(ByteView bytes);

}  // namespace disposable
