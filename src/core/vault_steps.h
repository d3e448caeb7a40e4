// What the steps of a vault's operation hand to each other. Only for vault*.cc.

#pragma once

#include <functional>

#include "core/envelope.h"
#include "core/vault.h"

namespace disposable {

// A record as it was at one moment.
struct Vault::Current {
  Record record;
  std::uint64_t version = 0;
  Ticket ticket;
  WallTime now;
};

struct Vault::Refusal {
  Error error;
  Ticket ticket;
};

// What the caller's proof and passphrase are worth: a refusal to be counted, or what opens the secret.
struct Vault::Verdict {
  bool given = false;
  std::optional<Denial> denial;
  Factors factors;
};

// What a caller shows, and from where: passphrases are checked by turns.
struct Vault::Shown {
  ByteView proof;
  ByteView passphrase;
  std::string_view address;
};

struct Vault::Caller {
  RecordFormat api;
  std::function<Result<Verdict>(const Record&)> judge;  // empty: nothing is asked
  std::string_view address;
};

enum class Vault::Pass : std::uint8_t { kGoOn, kLoadAgain };

// What a retrieval comes to, if the store agrees.
struct Vault::Reading {
  Revealed revealed;
  Transition transition;
  bool repeats = false;
  std::optional<RecordHash> reader;  // who brought a claim along
};

// What was decrypted already when somebody else changed the record, so that it is neither read nor decrypted again.
struct Vault::Opened {
  SecretBytes secret;
  WallTime created_at;

  bool is_of(const Record& record) const { return !secret.empty() && created_at == record.created_at; }
};

// What a new secret is sealed with besides its key.
struct Vault::Sealing {
  Factors factors;
  SecretBytes verifier;
  Bytes webhook;       // sealed
  bool fills = false;  // a request, whose asker does not know yet
};

// For a creation that is no repetition, when it may be nothing else.
tl::unexpected<Error> nothing_more(std::chrono::seconds retry_after);

// Sizes and numbers are in their range.
bool is_valid(const NewSharedSecret& secret);

}  // namespace disposable
