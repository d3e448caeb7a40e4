// What `doctor` asks of a store, an audit log and a ledger that may be elsewhere. As app/doctor_checks.h.

#pragma once

#include "app/doctor_checks.h"
#include "app/epoch_needs.h"
#include "crypto/keyring.h"

namespace disposable {

// Connects as `serve` does, with all its checks of the server, and creates nothing.
Finding examine_shared_store(const Examination& examination);
Finding examine_ledger(const Examination& examination);

// Whether the keyring, if there is one, has all epochs that live secrets need.
Finding examine_needs(const EpochNeeds& needs, const Result<Keyring>& keyring);

// The event that the store saw recorded last, if it can tell.
std::optional<EventId> last_acknowledged(const Examination& examination, const Keyring& keyring);

}  // namespace disposable
