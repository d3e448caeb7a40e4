#include "core/payload_budget.h"

namespace disposable {

PayloadBudget::Share::~Share() {
  if (budget_ != nullptr) {
    budget_->give_back(bytes_);
  }
}

std::optional<PayloadBudget::Share> PayloadBudget::reserve(std::uint64_t bytes) {
  if (bytes < kCountedFrom) {
    return std::optional<Share>(std::in_place);
  }
  const MutexLock lock(mutex_);
  if (held_ > 0 && (held_ >= bytes_max_ || bytes > bytes_max_ - held_)) {
    refused_.add();
    return std::nullopt;
  }
  held_ += bytes;
  return std::optional<Share>(std::in_place, *this, bytes);
}

void PayloadBudget::configure(std::uint64_t bytes_max) {
  const MutexLock lock(mutex_);
  bytes_max_ = bytes_max;
}

void PayloadBudget::give_back(std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  held_ -= bytes;
}

void PayloadBudget::write_metrics(MetricsText& text) const {
  std::uint64_t held = 0;
  {
    const MutexLock lock(mutex_);
    held = held_;
  }
  text.gauge("retrieval_bytes", "Memory that is set aside for large retrievals under way.", held);
  text.counter("retrievals_refused_total", "Large retrievals refused because others take the memory.", refused_);
}

}  // namespace disposable
