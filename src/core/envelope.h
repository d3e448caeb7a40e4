// The envelope of a secret: payload under a data key of its own, data key under a wrap key.
//
// The wrap key needs both the keyring's epoch key and the secret's key (crypto/keyring.h), so neither the disk alone
// nor the disk with the keyring opens anything. For API v2 it also needs proof and passphrase where they are asked for,
// so that no path can skip them. Destroying Record::wrapped_key makes the payload noise for everybody but the holder of
// an open claim, for whom the data key is sealed once more, under a wrap key that needs the claim, too.
// Every box is bound to the store id and to all fields of the record that never change (times, flags, epoch, views), so
// a box that was moved, or a record whose times were edited, does not open. Pure functions.

#pragma once

#include "core/record.h"
#include "core/shared_secret.h"
#include "crypto/keyring.h"
#include "crypto/random.h"

namespace disposable {

// What is needed besides the keys; each empty where a secret does not ask for it, and always for API v1.
struct Factors {
  SecretBytes proof;
  SecretBytes passphrase;  // not itself: what crypto/passphrase.h makes of it
};

// What goes into an envelope, and what opens it besides the keyring. Parameters only: they borrow.
struct Contents {
  ByteView secret;
  ByteView verifier;  // of a record that is guarded
};
struct Opening {
  const SecretKey& key;
  const Record& record;
  const Factors& factors;
};

// Fills record.wrapped_key, record.verifier when the record is guarded, and record.proof when it asks for one, and
// returns the sealed payload. All other fields of the record must be final.
Result<Bytes> seal_secret(const Keyring& keyring, const SecretKey& key, const Contents& contents, Random& random,
                          Record& record, const Factors& factors = {});

// kCorrupt when anything does not fit together.
Result<SecretBytes> open_secret(const Keyring& keyring, const Opening& opening, ByteView payload);
Result<SecretBytes> open_verifier(const Keyring& keyring, const SecretKey& key, const Record& record);

// Of a record that asks for one; in constant time.
Result<bool> proof_fits(const Keyring& keyring, const SecretKey& key, const Record& record, ByteView proof);

Result<RecordHash> claim_name(const Keyring& keyring, const SecretKey& key, const Record& record, ByteView claim);
// Name and wrapped key of a claim on a record that is not spent yet.
Result<OpenClaim> seal_claim(const Keyring& keyring, const Opening& opening, ByteView claim, Random& random);
// As open_secret(), by one of the record's claims.
Result<SecretBytes> open_claimed(const Keyring& keyring, const Opening& opening, const OpenClaim& opened,
                                 ByteView claim, ByteView payload);

// Tells whether something is created a second time. The passphrase is in it as its factor, so that the hash is no
// quicker way to guess it. So is the idempotency key: a request's secret has the same key whoever fills it.
Result<RecordHash> repetition_hash(const Keyring& keyring, const Opening& opening, const NewSharedSecret& secret);

}  // namespace disposable
