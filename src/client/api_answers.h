// What the server's answers of API v2 mean: JSON to values, problems (RFC 9457) to errors for a person. Pure functions.

#pragma once

#include <cstdint>
#include <string>

#include "client/attempts.h"

namespace disposable {

struct SecretStatus {
  std::string state;  // live, retrieved, deleted, expired; of a request waiting, filled, deleted, expired
  std::string created_at;
  std::string expires_at;
  std::string changed_at;    // empty: nothing has happened yet
  std::string locked_until;  // empty: it is not locked
  int views = 1;
  int views_left = 0;
  bool passphrase = false;
  bool proof = false;
  std::uint64_t bytes = 0;
};

// How a webhook's receiver knows messages; both empty: there is no webhook.
struct WebhookFacts {
  std::string key;  // "whsec_..."
  std::string fingerprint;
};

struct CreatedSecret {
  std::string secret_key;  // empty: not told, as to who answers a request
  std::string receipt_key;
  std::string expires_at;
  WebhookFacts webhook{};
};

struct CreatedRequest {
  std::string request_key;
  std::string fill_key;
  std::string expires_at;
  WebhookFacts webhook{};
};

struct ServerFacts {
  std::uint64_t upload_bytes_max = 0;
  std::string creation;  // open, token, restricted
};

// kUnavailable when the body is not of the form: then this is another server.
Outcome<SecretStatus> read_status(const HttpResponse& response);
Outcome<CreatedSecret> read_created_secret(const HttpResponse& response);
Outcome<CreatedRequest> read_created_request(const HttpResponse& response);
Outcome<ServerFacts> read_service_facts(const HttpResponse& response);
// When.
Outcome<std::string> read_deleted(const HttpResponse& response);

// For an answer that none of the service's has the form of.
ClientError another_server();

// What an answer other than 2xx says.
ClientError read_problem(const HttpResponse& response);
// The name of its problem, "not-found"; empty when it is none of ours.
std::string problem_name(const HttpResponse& response);
// What it means for a request that may be repeated. A proxy turns away with 3xx and 4xx, before the service has seen
// anything.
Verdict verdict_on_failure(const HttpResponse& response);

}  // namespace disposable
