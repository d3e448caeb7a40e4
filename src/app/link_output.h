// How links are printed. They are capabilities: nothing else repeats them.

#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "client/api_answers.h"
#include "crypto/secret_bytes.h"

namespace disposable {

// Alone on a line of standard output; before it, where it is wanted, as a QR code on standard error.
void print_link(const SecretBytes& link, bool qr);

// On standard error, with a word before it.
void print_noted_link(std::string_view what, const SecretBytes& link);

// On standard error, how the receiver of a webhook knows what is sent there; or that the server has taken none, which
// an old one does in silence.
void print_webhook(const WebhookFacts& webhook);
// The same for scripts; nothing where there is none.
void add_webhook(nlohmann::json& object, const WebhookFacts& webhook);

}  // namespace disposable
