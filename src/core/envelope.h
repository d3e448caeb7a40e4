// The envelope of a secret: payload under a data key of its own, data key under a wrap key.
//
// The wrap key needs both the keyring's epoch key and the secret's key (crypto/keyring.h), so neither the disk alone
// nor the disk with the keyring opens anything. Destroying Record::wrapped_key makes the payload noise for everybody.
// Every box is bound to the store id and to all fields of the record that never change (times, flags, epoch), so a box
// that was moved, or a record whose times were edited, does not open. Pure functions.

#pragma once

#include "core/record.h"
#include "crypto/keyring.h"
#include "crypto/random.h"

namespace disposable {

// Fills record.wrapped_key, and record.verifier when the record is guarded, and returns the sealed payload. All other
// fields of the record must be final.
Result<Bytes> seal_secret(const Keyring& keyring, const SecretKey& key, ByteView secret, ByteView verifier,
                          Random& random, Record& record);

// kCorrupt when anything does not fit together.
Result<SecretBytes> open_secret(const Keyring& keyring, const SecretKey& key, const Record& record, ByteView payload);
Result<SecretBytes> open_verifier(const Keyring& keyring, const SecretKey& key, const Record& record);

}  // namespace disposable
