// What the operations of API v2 share: answers with their tickets, and keys from text. Pure functions, thread-safe.

#pragma once

#include "core/vault.h"
#include "http/json_text.h"
#include "http/message.h"

namespace disposable::v2 {

// Of a JSON answer: keys, times and a few numbers.
inline constexpr std::size_t kAnswerBytesMax = 512;

Response held_by(const Ticket& ticket, Response response);
// 201, with what `held` stands for in JSON.
Response created(const Held<Created>& held, SecretBytes json);
Response deleted(WallTime at);

Result<SecretKey> key_of(const SecretBytes& text);

}  // namespace disposable::v2
