// Metrics: numbers that any thread may count at any time without a lock, and the text in which they are shown.
//
// There is no registry: every part owns its metrics and has `void write_metrics(MetricsText&) const`; the composition
// root calls them one after the other. Names are `disposable_secrets_<what>_<unit>`, in base units (seconds, bytes),
// counters end in `_total`. A label's value is a constant of ours, never what somebody sent.
//
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4) and
// https://prometheus.io/docs/practices/naming/.

#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace disposable {

// Only goes up. Thread-safe.
class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Goes up and down. Thread-safe.
class Gauge {
 public:
  void add(std::int64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  void sub(std::int64_t count = 1) { value_.fetch_sub(count, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// How often a value was at most each of the bounds, and the sum of all values. Thread-safe; observing is two atomic
// additions.
class Histogram {
 public:
  static constexpr std::size_t kBoundsMax = 20;

  // `bounds` rise strictly, are at most kBoundsMax and outlive the histogram.
  explicit Histogram(std::span<const double> bounds);

  void observe(double value);
  void observe(std::chrono::nanoseconds duration) { observe(std::chrono::duration<double>(duration).count()); }

  std::span<const double> bounds() const { return bounds_; }
  // How many values fell into bucket `i`: above bound i-1 and at most bound i; the last bucket has no upper bound.
  std::uint64_t in_bucket(std::size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::span<const double> bounds_;
  std::array<std::atomic<std::uint64_t>, kBoundsMax + 1> buckets_{};
  std::atomic<double> sum_{0};
};

// For what takes from a tenth of a millisecond (an fsync on a good disk) to ten seconds (the longest deadline).
inline constexpr double kSecondsBounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                            0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};

struct MetricLabel {
  std::string_view name;
  std::string_view value;
};
using MetricLabels = std::initializer_list<MetricLabel>;

// Writes the text: begin() a family once, then all of its samples. Thread-compatible.
class MetricsText {
 public:
  enum class Type : std::uint8_t { kCounter, kGauge, kHistogram };

  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

  // `name` without the prefix. `help` is one sentence.
  void begin(std::string_view name, Type type, std::string_view help);

  void sample(std::uint64_t value, MetricLabels labels = {});
  void sample(std::int64_t value, MetricLabels labels = {});
  void sample(double value, MetricLabels labels = {});
  void sample(const Counter& counter, MetricLabels labels = {}) { sample(counter.value(), labels); }
  void sample(const Gauge& gauge, MetricLabels labels = {}) { sample(gauge.value(), labels); }
  void sample(const Histogram& histogram, MetricLabels labels = {});

  // A family of one sample.
  template <class Value>
  void counter(std::string_view name, std::string_view help, const Value& value) {
    begin(name, Type::kCounter, help);
    sample(value);
  }
  template <class Value>
  void gauge(std::string_view name, std::string_view help, const Value& value) {
    begin(name, Type::kGauge, help);
    sample(value);
  }
  void histogram(std::string_view name, std::string_view help, const Histogram& histogram) {
    begin(name, Type::kHistogram, help);
    sample(histogram);
  }

  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view suffix, MetricLabels labels, std::string_view upper_bound, std::string_view value);

  std::string text_;
  std::string family_;  // of the samples that follow, with the prefix
};

}  // namespace disposable
