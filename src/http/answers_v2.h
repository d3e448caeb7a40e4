// What the operations of API v2 share: answers with their tickets, keys from text, who may name a webhook. Pure
// functions, thread-safe.

#pragma once

#include "http/api.h"

namespace disposable::v2 {

// Of a JSON answer: keys, times and a few numbers.
inline constexpr std::size_t kAnswerBytesMax = 512;

Response held_by(const Ticket& ticket, Response response);
// 201, with what `held` stands for in JSON.
Response created(const Held<Created>& held, SecretBytes json);
Response deleted(WallTime at);

// For a creation that names a webhook, in the field of that name: nothing, when it may.
std::optional<Response> refuse_webhook(const Api::Parts& parts, const Request& request, const SecretBytes& url,
                                       std::string_view place, std::string_view field);

Result<SecretKey> key_of(const SecretBytes& text);

}  // namespace disposable::v2
