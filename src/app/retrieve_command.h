// `disposable-secrets retrieve`: opens a link once.

#pragma once

#include "app/client_options.h"
#include "app/client_session.h"
#include "client/link.h"

namespace disposable {

// The exit code.
int retrieve(const RetrieveOptions& options);

// What a status says of a secret that cannot be retrieved; nothing when it can.
Outcome<void> check_live(const SecretStatus& status);

// The answer to a request of one's own, which is there.
Outcome<void> retrieve_answer(const OwnLink& link, const OutputOptions& output, bool json, ClientSession& session);

}  // namespace disposable
