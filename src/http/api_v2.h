// The operations of API v2, each a function from a request to a response. Keys travel in bodies, never in URLs.
//
// Only retrieve() spends. They never wait for a ticket. Thread-safe; they throw nothing but bad_alloc.

#pragma once

#include "http/api.h"

namespace disposable::v2 {

Response create(const Api::Parts& parts, const Request& request);
Response retrieve(const Api::Parts& parts, const Request& request);
Response status(const Api::Parts& parts, const Request& request);
Response delete_secret(const Api::Parts& parts, const Request& request);
Response receipt_status(const Api::Parts& parts, const Request& request);
Response delete_by_receipt(const Api::Parts& parts, const Request& request);
Response create_request(const Api::Parts& parts, const Request& request);
Response request_status(const Api::Parts& parts, const Request& request);
Response fill(const Api::Parts& parts, const Request& request);
Response delete_request(const Api::Parts& parts, const Request& request);
Response service(const Api::Parts& parts, const Request& request);

}  // namespace disposable::v2
