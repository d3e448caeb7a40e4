// Api: the HTTP interface of design section 2 as a function from a request to a response.
//
// One table says which path takes which method, which handler answers and with which statuses; 404, 405 and Allow
// follow from it, and a test compares it with openapi.json. Handlers never wait for a ticket: the connection layer
// does, before the response leaves. Only a retrieval spends a secret: GET in v1, POST .../retrieve in v2. Thread-safe.
// Borrows the vault and the assets, which must outlive it. Throws nothing but bad_alloc.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/metrics.h"
#include "core/vault.h"
#include "http/json_body.h"
#include "http/message.h"
#include "http/pages.h"
#include "http/webhooks.h"

namespace disposable {

// Which parts can commit.
struct Readiness {
  Result<void> store{};
  Result<void> audit{};
};

// The place of an operation in Api::operations(), for tables of counters and the log.
using RouteIndex = std::uint8_t;
inline constexpr RouteIndex kUnmatchedRoute = UINT8_MAX;

class Api {
 public:
  struct Parts {
    Vault& vault;
    // What /readyz reports; the details of its errors are logged and not shown.
    std::function<Readiness()> readiness;
    BodyLimits limits{};
    std::vector<Asset> docs{};
    // What /metrics answers; without it, 404. Nothing that identifies a secret or a client may be in it.
    std::function<void(MetricsText&)> metrics{};
    // There is a listener for /metrics: elsewhere it is 404.
    bool metrics_apart = false;
    // The web page; null: none, and everybody is welcomed by JSON.
    const Pages* pages = nullptr;
    WebhookRule webhooks = WebhookRule::kNobody;
    // Whether a valid URL could ever be called for a secret, as far as no name is looked up.
    std::function<bool(std::string_view url)> webhook_callable{};
  };

  explicit Api(Parts parts) : parts_(std::move(parts)) {}
  enum class Body : std::uint8_t {
    kIgnored,   // none is expected; a small one is dropped
    kOptional,  // JSON, may be empty
    kRequired,  // JSON
    kSmall,     // JSON that holds no secret but a passphrase
    kBytes,     // application/octet-stream
    kAny,       // JSON or application/octet-stream, as it says
  };

  // What handling a request comes down to, for whoever schedules and limits it.
  enum class Work : std::uint8_t {
    kNone,     // answered from memory, at once
    kInspect,  // looks at the store as a whole and changes nothing
    kCreate,
    kLookUp,    // asks for one entry by a key that is enough to see or delete it
    kRetrieve,  // by its key alone
    kOpen,      // retrieves, and may ask for more than the key
    kDelete,    // may ask for more than the key
  };

  struct Operation {
    std::string_view pattern;  // the last segment may be a parameter in braces
    std::string_view method;   // where it is GET and harmless, HEAD is answered alike
    bool head_too = false;
    Work work = Work::kNone;
    Body body = Body::kIgnored;
    std::span<const int> statuses;  // every status that this operation answers
    Response (Api::*handler)(const Request& request, std::string_view parameter) const = nullptr;
    bool creates = false;   // only who may create may ask for it: http/creators.h
    bool promises = false;  // others may put an upload into what it creates
    bool repeats = false;   // with an Idempotency-Key the same request gets the same answer again
  };
  static std::span<const Operation> operations();

  // Where a request leads by its method and path. Borrows the request's path.
  struct Route {
    bool path_known = false;
    const Operation* operation = nullptr;  // null: none for that path and method
    RouteIndex index = kUnmatchedRoute;
    std::string_view parameter{};

    // None also where there is no operation.
    Work work() const { return operation == nullptr ? Work::kNone : operation->work; }
    bool creates() const { return operation != nullptr && operation->creates; }
    bool repeats() const { return operation != nullptr && operation->repeats; }
  };
  static Route route(std::string_view method, std::string_view path);

  // What is refused by the head alone (404, 405, 413, 415, 403 to a prefetch), so that a body need not be read before
  // it is refused. `body_bytes` is the length that was announced.
  std::optional<Response> refuse(const Route& route, const Request& head, std::uint64_t body_bytes) const;

  // What others may come to store because of it: the longest upload, or nothing.
  std::uint64_t promised_bytes(const Route& route) const {
    return route.operation != nullptr && route.operation->promises ? parts_.limits.upload_bytes_max : 0;
  }

  // For a request that refuse() let pass. HEAD gets GET's response, whose body the connection layer keeps back.
  Response handle(const Route& route, const Request& request) const;
  Response handle(const Request& request) const;  // all of it in one call

 private:
  Response create(const Request& request, std::string_view parameter) const;
  Response retrieve(const Request& request, std::string_view parameter) const;
  Response delete_secret(const Request& request, std::string_view parameter) const;
  // These three in pages.cc.
  Response welcome(const Request& request, std::string_view parameter) const;
  Response page(const Request& request, std::string_view parameter) const;
  Response page_file(const Request& request, std::string_view name) const;
  Response docs(const Request& request, std::string_view name) const;
  Response openapi(const Request& request, std::string_view parameter) const;
  Response healthz(const Request& request, std::string_view parameter) const;
  Response readyz(const Request& request, std::string_view parameter) const;
  Response metrics(const Request& request, std::string_view parameter) const;

  // An operation that needs nothing of the Api but its parts.
  template <Response (*handle)(const Parts& parts, const Request& request)>
  Response with_parts(const Request& request, std::string_view /*parameter*/) const {
    return handle(parts_, request);
  }

  std::uint64_t body_bytes_max(Body body, bool json) const;
  // Whether the listener that `request` came through serves its path at all.
  bool serves(const Request& request) const;

  const Parts parts_;
};

// What stands for a route in metrics and log; "unmatched" for none.
struct RouteName {
  std::string_view method;
  std::string_view pattern;
};
RouteName route_name(RouteIndex route);

}  // namespace disposable
