// Charge: bytes that count against a budget for as long as it exists. Movable; the counter must outlive it.

#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace disposable {

class Charge {
 public:
  Charge() = default;
  Charge(std::atomic<std::uint64_t>& counter, std::uint64_t bytes) : counter_(&counter), bytes_(bytes) {
    counter_->fetch_add(bytes_, std::memory_order_relaxed);
  }
  Charge(Charge&& other) noexcept : counter_(std::exchange(other.counter_, nullptr)), bytes_(other.bytes_) {}
  Charge& operator=(Charge&& other) noexcept {
    std::swap(counter_, other.counter_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;
  ~Charge() {
    if (counter_ != nullptr) {
      counter_->fetch_sub(bytes_, std::memory_order_relaxed);
    }
  }

 private:
  std::atomic<std::uint64_t>* counter_ = nullptr;
  std::uint64_t bytes_ = 0;
};

}  // namespace disposable
