// Frontend: everything of `serve` that strangers can reach: listeners, TLS, limits and the server behind them.
//
// One thread only, but for write_metrics(), which is thread-safe. Borrows everything in Parts, which must outlive it.

#pragma once

#include <memory>

#include "app/options.h"
#include "app/systemd.h"
#include "app/token_file.h"
#include "base/log.h"
#include "http/server.h"

namespace disposable {

class Frontend {
 public:
  struct Parts {
    const ServeOptions& options;
    const PassedEnvironment& passed;
    const Api& api;
    Durability& durability;
    Clock& clock;
    Random& random;
    Log& log;
  };

  // Opens the listeners, loads the certificate, starts the threads; accepts nothing yet. The error's detail is a
  // sentence for the operator.
  static Result<std::unique_ptr<Frontend>> open(const Parts& parts);

  // Accepts from here on, and says where.
  Result<void> serve();
  // Whether every event loop is alive.
  bool responsive() const;
  // Puts into force what can be changed while the service runs. What cannot be is logged and stays as it was.
  void reload(const ServeOptions& options);
  void write_metrics(MetricsText& text) const { server_->write_metrics(text); }
  // To be called about every second: what a changed token file says holds from the next request on. When it cannot be
  // used, the tokens stay as they were, which is logged, and it is tried again.
  void check_tokens();
  // Returns whether every request was answered in time.
  bool stop(std::chrono::milliseconds deadline) { return server_->stop(deadline); }

 private:
  explicit Frontend(const Parts& parts);
  Result<void> load_certificate(const ServeOptions& options);
  Result<void> open_listeners(const Parts& parts);
  Result<void> start_server(const Parts& parts);
  Result<FrontSettings> settings_within_descriptors(const ServeOptions& options);
  Result<void> load_tokens();
  void warn_without_tokens(const CreatorRules& rules);
  void reload_certificate(const ServeOptions& options);

  Clock& clock_;
  Log& log_;
  AccessLog access_log_;
  std::unique_ptr<CurrentTlsContext> tls_;  // null: no certificate
  std::vector<ListeningSocket> listeners_;
  TokenFileWatch token_file_;
  std::shared_ptr<const CreatorTokens> tokens_;
  std::string tokens_failure_;  // why they could not be read when that was tried last; empty: they could
  FrontSettings settings_{};    // in force
  std::unique_ptr<Server> server_;
};

// The settings that `options` ask for. kInvalidArgument with a sentence for a range of proxies that is none.
Result<FrontSettings> front_settings(const ServeOptions& options);

}  // namespace disposable
