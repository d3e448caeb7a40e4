#include "app/frontend.h"

#include <unistd.h>

#include <algorithm>

#include "app/process.h"

namespace disposable {

namespace {

// Half the processors: the other half works on requests, writes the store and the audit log.
constexpr unsigned kLoopsMax = 8;

std::size_t loops_for(const ServeOptions& options) {
  if (options.loops > 0) {
    return static_cast<std::size_t>(options.loops);
  }
  return std::clamp(std::thread::hardware_concurrency() / 2, 1U, kLoopsMax);
}

Result<Endpoint> endpoint_of(const std::string& text, bool metrics) {
  Result<Endpoint> endpoint = parse_endpoint(text);
  if (!endpoint) {
    return fail(endpoint.error().code, "cannot listen on " + text + ": " + endpoint.error().detail);
  }
  endpoint->metrics = metrics;
  return endpoint;
}

}  // namespace

Result<FrontSettings> front_settings(const ServeOptions& options) {
  FrontSettings settings{options.limits, {}, {}};
  for (const std::string& range : options.trusted_proxies) {
    const Result<void> added = settings.trusted_proxies.add(range);
    if (!added) {
      return fail(Errc::kInvalidArgument, "--trusted-proxy " + range + ": " + added.error().detail);
    }
  }
  for (const std::string& word : options.creators) {
    const Result<void> added = settings.creators.rules.add(word);
    if (!added) {
      return fail(Errc::kInvalidArgument, "--creators " + word + ": " + added.error().detail);
    }
  }
  return settings;
}

Frontend::Frontend(const Parts& parts)
    : clock_(parts.clock),
      log_(parts.log),
      access_log_(parts.log, parts.clock, parts.random),
      token_file_(parts.options.paths.tokens()) {}

Result<std::unique_ptr<Frontend>> Frontend::open(const Parts& parts) {
  std::unique_ptr<Frontend> frontend(new Frontend(parts));
  Result<void> opened = frontend->load_tokens();
  if (opened) {
    opened = frontend->load_certificate(parts.options);
  }
  if (opened) {
    opened = frontend->open_listeners(parts);
  }
  if (opened) {
    opened = frontend->start_server(parts);
  }
  if (!opened) {
    return fail(opened.error());
  }
  return frontend;
}

Result<void> Frontend::load_tokens() {
  Result<std::shared_ptr<const CreatorTokens>> tokens = token_file_.read();
  if (!tokens) {
    return fail(tokens.error());
  }
  tokens_ = std::move(*tokens);
  return {};
}

void Frontend::warn_without_tokens(const CreatorRules& rules) {
  if (rules.by_token() && tokens_->all().empty()) {
    log_.write(LogLevel::kWarning, "there is no token to create with; make one with 'disposable-secrets token create'");
  }
}

void Frontend::check_tokens() {
  const bool changed = token_file_.changed();
  if (!changed && tokens_failure_.empty()) {
    return;
  }
  const Result<void> loaded = load_tokens();
  if (!loaded) {
    if (changed || loaded.error().detail != tokens_failure_) {
      log_.write(LogLevel::kError, "the tokens stay as they were", {{"reason", loaded.error().detail}});
    }
    tokens_failure_ = loaded.error().detail;
    return;
  }
  tokens_failure_.clear();
  settings_.creators.tokens = tokens_;
  server_->configure(settings_);
  log_.write(LogLevel::kInfo, "the tokens were read again",
             {{"tokens", static_cast<std::int64_t>(tokens_->all().size())}});
}

Result<void> Frontend::load_certificate(const ServeOptions& options) {
  if (options.tls_certificate.empty()) {
    return {};
  }
  Result<std::shared_ptr<const TlsContext>> context = TlsContext::load({options.tls_certificate, options.tls_key});
  if (!context) {
    return fail(context.error());
  }
  const Result<void> valid = (*context)->valid_at(clock_.now());
  if (!valid) {
    log_.write(LogLevel::kWarning, "the certificate is not valid now; clients will refuse it",
               {{"reason", valid.error().detail}});
  }
  tls_ = std::make_unique<CurrentTlsContext>(std::move(*context));
  return {};
}

Result<void> Frontend::open_listeners(const Parts& parts) {
  std::vector<Endpoint> asked;
  const auto ask = [&](const std::string& text, bool metrics) -> Result<void> {
    Result<Endpoint> endpoint = endpoint_of(text, metrics);
    if (!endpoint) {
      return fail(endpoint.error());
    }
    asked.push_back(std::move(*endpoint));
    return {};
  };
  for (const std::string& text : parts.options.listen) {
    if (Result<void> added = ask(text, false); !added) {
      return added;
    }
  }
  if (!parts.options.metrics_listen.empty()) {
    if (Result<void> added = ask(parts.options.metrics_listen, true); !added) {
      return added;
    }
  }
  Result<std::vector<PassedSocket>> passed = passed_sockets(parts.passed, ::getpid());
  if (!passed) {
    return fail(passed.error());
  }
  const Result<Endpoint> fallback = parse_endpoint(kListenDefault);
  Result<std::vector<ListeningSocket>> opened = disposable::open_listeners(
      asked, *fallback, std::move(*passed), {tls_ != nullptr, static_cast<mode_t>(parts.options.listen_mode)});
  if (!opened) {
    return fail(opened.error());
  }
  listeners_ = std::move(*opened);
  return {};
}

Result<FrontSettings> Frontend::settings_within_descriptors(const ServeOptions& options) {
  Result<FrontSettings> settings = front_settings(options);
  const std::uint64_t possible = connections_within(descriptor_limit());
  if (settings && settings->limits.connections_max > possible) {
    settings->limits.connections_max = possible;
    log_.write(LogLevel::kWarning, "fewer connections than --connections-max: the limit of descriptors is low",
               {{"connections", static_cast<std::int64_t>(possible)}});
  }
  if (settings) {
    settings->creators.tokens = tokens_;
    warn_without_tokens(settings->creators.rules);
  }
  return settings;
}

Result<void> Frontend::start_server(const Parts& parts) {
  Result<FrontSettings> settings = settings_within_descriptors(parts.options);
  if (!settings) {
    return fail(settings.error());
  }
  settings_ = std::move(*settings);
  const LogSink log = [this](std::string_view line) { log_.write(LogLevel::kError, line); };
  Front::Parts front{parts.api, parts.clock, log, &access_log_};
  front.tls = tls_.get();
  parts.random.fill(front.key);
  Result<std::unique_ptr<Server>> server =
      Server::open(std::move(front), parts.durability,
                   {loops_for(parts.options), static_cast<std::size_t>(parts.options.workers), settings_});
  if (!server) {
    return fail(server.error());
  }
  server_ = std::move(*server);
  return {};
}

Result<void> Frontend::serve() {
  Result<void> serving = server_->serve(listeners_);
  if (!serving) {
    return serving;
  }
  for (const ListeningSocket& listener : listeners_) {
    log_.write(LogLevel::kInfo, listener.metrics ? "listening for metrics" : "listening",
               {{"address", listener.description}, {"port", std::int64_t{listener.port}}});
  }
  return {};
}

bool Frontend::responsive() const {
  constexpr std::chrono::seconds kTurnMax{5};  // a loop comes around every second when nothing happens
  return server_->responsive(kTurnMax);
}

void Frontend::reload(const ServeOptions& options) {
  check_tokens();
  Result<FrontSettings> settings = settings_within_descriptors(options);
  if (settings) {
    settings_ = std::move(*settings);
    server_->configure(settings_);
  } else {
    log_.write(LogLevel::kError, "the limits stay as they were", {{"reason", settings.error().detail}});
  }
  reload_certificate(options);
}

void Frontend::reload_certificate(const ServeOptions& options) {
  if (options.tls_certificate.empty() != (tls_ == nullptr)) {
    log_.write(LogLevel::kWarning, "to begin or end with TLS needs a restart");
    return;
  }
  if (tls_ == nullptr) {
    return;
  }
  const Result<void> reloaded = tls_->reload({options.tls_certificate, options.tls_key}, clock_.now());
  if (reloaded) {
    log_.write(LogLevel::kInfo, "the certificate was read again");
  } else {
    log_.write(LogLevel::kError, "the old certificate stays in use", {{"reason", reloaded.error().detail}});
  }
}

}  // namespace disposable
