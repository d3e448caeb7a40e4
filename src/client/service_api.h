// ServiceApi: the requests of API v2 that the client makes. It knows keys and bodies, and nothing of what is in these.

#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "client/api_answers.h"
#include "client/attempts.h"
#include "client/link.h"
#include "crypto/random.h"

namespace disposable {

struct NewUpload {
  ByteView body;                            // borrowed
  std::optional<std::chrono::seconds> ttl;  // nothing: the server's default
  int views = 1;
  ByteView proof;                      // borrowed; 32 bytes
  std::string_view server_passphrase;  // borrowed, as it travels; empty: none
  std::string token;                   // empty: none
  std::string webhook;                 // URL; empty: none
};

// What opens a secret at the server: borrowed parts, in the form in which they travel. Empty: none.
struct Credentials {
  ByteView proof;
  std::string_view server_passphrase;
};

// What is known of a secret before it is retrieved, so that its answer is known from others.
struct Sealed {
  std::uint64_t bytes = 0;                                 // as its status says
  std::function<Result<SecretBytes>(ByteView body)> open;  // the container
};

struct Retrieved {
  // Not opened only where the body is the server's beyond doubt: nobody gets a better one.
  Result<SecretBytes> container;
  int views_left = 0;
};

// Each call is one request, sent again while its answer is lost where that is safe (client/attempts.h). One thread at a
// time.
class ServiceApi {
 public:
  // Borrows all; they must outlive it.
  ServiceApi(const ServerUrl& server, const HttpSettings& settings, const Patience& patience, Random& random)
      : attempts_(server, settings, patience), random_(random) {}

  Outcome<CreatedSecret> create(const NewUpload& upload);
  // With a claim: sent again, the same retrieval gets the same answer. It is lost as long as its body does not open: it
  // may be cut short, or somebody else's. One that opens is taken whatever else a proxy has made of it.
  Outcome<Retrieved> retrieve(const SecretKey& key, const Credentials& credentials, const Sealed& sealed);
  Outcome<SecretStatus> status(const SecretKey& key);
  // When.
  Outcome<std::string> delete_secret(const SecretKey& key, const Credentials& credentials);
  Outcome<SecretStatus> receipt_status(const SecretBytes& receipt_key);
  Outcome<std::string> delete_by_receipt(const SecretBytes& receipt_key);
  // `webhook`: core/webhook_url.h lets it be; empty: none.
  Outcome<CreatedRequest> create_request(std::optional<std::chrono::seconds> ttl, const std::string& webhook,
                                         const std::string& token);
  Outcome<SecretStatus> request_status(const SecretKey& fill_key);
  // The receipt's key is empty when an answer was lost and the request is answered now, by this fill or by another's.
  Outcome<CreatedSecret> fill(const SecretKey& fill_key, ByteView body);
  Outcome<std::string> delete_request(const SecretKey& fill_key, const SecretKey& request_key);
  Outcome<ServerFacts> facts();

 private:
  Outcome<HttpResponse> post(const char* path, const SecretBytes& json);
  Outcome<std::string> delete_at(const char* path, const SecretBytes& json);

  Attempts attempts_;
  Random& random_;
};

}  // namespace disposable
