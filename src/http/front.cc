#include "http/front.h"

#include "http/tls_transport.h"

namespace disposable {

Front::Front(Parts parts, FrontSettings settings)
    : api(parts.api),
      clock(parts.clock),
      log(std::move(parts.log)),
      access_log(parts.access_log),
      admission(settings.limits, parts.key, hits),
      token_limits(parts.key, hits),
      counts(settings.limits, parts.key, hits),
      tls_(parts.tls),
      buffer_bytes_max_(settings.limits.buffer_bytes_max),
      settings_(std::make_shared<const FrontSettings>(std::move(settings))) {
  token_limits.configure(*this->settings()->creators.tokens);
}

void Front::write_metrics(MetricsText& text) const {
  metrics.write_metrics(text);
  text.begin("http_buffered_bytes", MetricsText::Type::kGauge, "Memory held for requests and for slow readers.");
  text.sample(buffered.load(std::memory_order_relaxed));
  text.begin("limit_hits_total", MetricsText::Type::kCounter, "Refusals by the limit that was met.");
  for (std::size_t i = 0; i < kLimitCount; ++i) {
    const auto limit = static_cast<Limit>(i);
    text.sample(hits.hits(limit), {{"limit", name(limit)}});
  }
}

std::unique_ptr<Transport> Front::transport(FileDescriptor socket, bool tls) const {
  if (tls) {
    return std::make_unique<TlsTransport>(std::move(socket), tls_->get());
  }
  return std::make_unique<PlainTransport>(std::move(socket));
}

void Front::configure(FrontSettings settings) {
  admission.configure(settings.limits);
  token_limits.configure(*settings.creators.tokens);
  counts.configure(settings.limits);
  buffer_bytes_max_.store(settings.limits.buffer_bytes_max);
  const MutexLock lock(mutex_);
  settings_ = std::make_shared<const FrontSettings>(std::move(settings));
  generation_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const FrontSettings> Front::settings() {
  const MutexLock lock(mutex_);
  return settings_;
}

}  // namespace disposable
