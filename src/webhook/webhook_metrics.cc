#include "webhook/webhook_metrics.h"

#include <algorithm>

namespace disposable {

namespace {

constexpr std::string_view kLabel = "to";
constexpr std::string_view kServer = "server";
constexpr std::string_view kSecret = "secret";

}  // namespace

void WebhookMetrics::OfKind::one_is_over() {
  std::uint64_t count = pending.load();
  while (count > 0 && !pending.compare_exchange_weak(count, count - 1)) {
  }
}

void WebhookMetrics::write_metrics(MetricsText& text, WallTime now) const {
  const auto family = [this, &text](std::string_view name, MetricsText::Type type, std::string_view help, auto value) {
    text.begin(name, type, help);
    text.sample(value(server), {{kLabel, kServer}});
    text.sample(value(secret), {{kLabel, kSecret}});
  };
  family("webhooks_pending", MetricsText::Type::kGauge, "Calls of webhooks that are still to be made.",
         [](const OfKind& kind) { return kind.pending.load(); });
  family("webhooks_pending_age_seconds", MetricsText::Type::kGauge, "Age of the oldest event of them.",
         [now](const OfKind& kind) {
           const std::int64_t oldest = kind.oldest.load();
           const std::chrono::duration<double> age = now.time_since_epoch() - std::chrono::milliseconds(oldest);
           return oldest == 0 ? 0.0 : std::max(age.count(), 0.0);
         });
  const auto counter = [&family](std::string_view name, std::string_view help, Counter OfKind::*which) {
    family(name, MetricsText::Type::kCounter, help, [which](const OfKind& kind) { return (kind.*which).value(); });
  };
  counter("webhooks_delivered_total", "Calls that the receiver has taken.", &OfKind::delivered);
  counter("webhooks_failures_total", "Attempts that failed.", &OfKind::failures);
  counter("webhooks_given_up_total", "Calls that were given up.", &OfKind::given_up);
  counter("webhooks_dropped_total", "Calls that were never tried: webhooks are off, or too many are pending.",
          &OfKind::dropped);
}

}  // namespace disposable
