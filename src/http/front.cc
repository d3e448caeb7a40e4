#include "http/front.h"

#include "http/tls_transport.h"

namespace disposable {

Front::Front(const Api& api_, LogSink log_, FrontSettings settings, const ShortHashKey& key,
             const CurrentTlsContext* tls)
    : api(api_),
      log(std::move(log_)),
      admission(settings.limits, key, hits),
      counts(settings.limits, key, hits),
      tls_(tls),
      settings_(std::make_shared<const FrontSettings>(std::move(settings))) {}

std::unique_ptr<Transport> Front::transport(FileDescriptor socket, bool tls) const {
  if (tls) {
    return std::make_unique<TlsTransport>(std::move(socket), tls_->get());
  }
  return std::make_unique<PlainTransport>(std::move(socket));
}

void Front::configure(FrontSettings settings) {
  admission.configure(settings.limits);
  counts.configure(settings.limits);
  const MutexLock lock(mutex_);
  settings_ = std::make_shared<const FrontSettings>(std::move(settings));
  generation_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const FrontSettings> Front::settings() {
  const MutexLock lock(mutex_);
  return settings_;
}

}  // namespace disposable
