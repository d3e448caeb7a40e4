// PayloadBudget: how much memory retrievals may take for the payloads that they read and decrypt, before they take it.
//
// A burst of large ones can then not exhaust memory: whoever would be too much is refused at once, before anything is
// read, and nothing is spent. One alone always fits, however large, and small ones are not counted. Thread-safe.

#pragma once

#include <cstdint>
#include <optional>

#include "base/metrics.h"
#include "base/mutex.h"

namespace disposable {

class PayloadBudget {
 public:
  // Less costs nothing: as many as there are workers fit beside the rest.
  static constexpr std::uint64_t kCountedFrom = 256UL * 1024;

  explicit PayloadBudget(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // Holds its bytes until it goes; the budget must outlive it.
  class Share {
   public:
    Share() = default;
    Share(PayloadBudget& budget, std::uint64_t bytes) : budget_(&budget), bytes_(bytes) {}
    Share(Share&& other) noexcept : budget_(other.budget_), bytes_(other.bytes_) { other.budget_ = nullptr; }
    Share& operator=(Share&&) = delete;
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share();

   private:
    PayloadBudget* budget_ = nullptr;  // null: nothing is held
    std::uint64_t bytes_ = 0;
  };

  // Nothing when others hold too much.
  std::optional<Share> reserve(std::uint64_t bytes);
  // Shares that are held stay.
  void configure(std::uint64_t bytes_max);

  void write_metrics(MetricsText& text) const;

 private:
  void give_back(std::uint64_t bytes);

  Counter refused_;
  mutable Mutex mutex_;
  std::uint64_t bytes_max_ GUARDED_BY(mutex_);
  std::uint64_t held_ GUARDED_BY(mutex_) = 0;
};

}  // namespace disposable
