// Front: what all event loops of a server share: the Api, the settings, the limits over all connections.
//
// Thread-safe. Borrows everything in Parts, which must outlive it.

#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/mutex.h"
#include "http/access_log.h"
#include "http/admission.h"
#include "http/api.h"
#include "http/connection_counts.h"
#include "http/creators.h"
#include "http/http_metrics.h"
#include "http/tls_context.h"
#include "http/token_limits.h"
#include "http/transport.h"

namespace disposable {

// One line of text for the operator, without a line end. Called from any thread.
using LogSink = std::function<void(std::string_view line)>;

// What may change while the server runs.
struct FrontSettings {
  Limits limits{};
  TrustedProxies trusted_proxies{};
  Creators creators{};
};

class Front {
 public:
  struct Parts {
    const Api& api;
    Clock& clock;
    LogSink log;
    AccessLog* access_log = nullptr;         // null: no line per request
    ShortHashKey key{};                      // random, for tables that peers could fill
    const CurrentTlsContext* tls = nullptr;  // null: no listener speaks TLS
  };

  Front(Parts parts, FrontSettings settings);

  const Api& api;
  Clock& clock;
  const LogSink log;
  AccessLog* const access_log;
  HttpMetrics metrics;
  LimitHits hits;
  Admission admission;
  TokenLimits token_limits;
  ConnectionCounts counts;
  std::atomic<std::uint64_t> buffered{0};  // bytes held for all connections
  std::atomic<std::size_t> shaking{0};     // TLS handshakes that cost memory
  std::atomic<std::size_t> accepting{0};   // loops that take new connections

  // So much is held that nothing more shall be taken in.
  bool crowded() const { return buffered.load(std::memory_order_relaxed) > buffer_bytes_max_.load(); }
  void write_metrics(MetricsText& text) const;
  std::unique_ptr<Transport> transport(FileDescriptor socket, bool tls) const;

  void configure(FrontSettings settings);
  std::shared_ptr<const FrontSettings> settings();
  // Another number after every configure(), so that a loop sees at little cost whether to look.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  const CurrentTlsContext* const tls_;
  std::atomic<std::uint64_t> buffer_bytes_max_;
  std::atomic<std::uint64_t> generation_{0};
  Mutex mutex_;
  std::shared_ptr<const FrontSettings> settings_ GUARDED_BY(mutex_);
};

}  // namespace disposable
