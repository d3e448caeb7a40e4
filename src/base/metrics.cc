#include "base/metrics.h"

#include <charconv>
#include <cmath>

#include "base/result.h"

namespace disposable {

namespace {

constexpr std::string_view kPrefix = "disposable_secrets_";

std::string_view type_name(MetricsText::Type type) {
  switch (type) {
    case MetricsText::Type::kCounter:
      return "counter";
    case MetricsText::Type::kGauge:
      return "gauge";
    case MetricsText::Type::kHistogram:
      return "histogram";
  }
  return "untyped";
}

// A number in as few characters as tell it from every other.
class NumberText {
 public:
  template <class Number>
  explicit NumberText(Number number) {
    const auto [end, error] = std::to_chars(text_.data(), text_.data() + text_.size(), number);
    size_ = static_cast<std::size_t>(end - text_.data());
  }
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 32> text_{};
  std::size_t size_ = 0;
};

// In HELP a backslash and a line feed are escaped, in a label's value the quote too.
void append_escaped(std::string& out, std::string_view text, bool quoted) {
  for (const char c : text) {
    if (c == '\\' || (quoted && c == '"')) {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else {
      out.push_back(c);
    }
  }
}

}  // namespace

Histogram::Histogram(std::span<const double> bounds) : bounds_(bounds) {
  check(bounds.size() <= kBoundsMax, "a histogram has at most kBoundsMax bounds");
}

void Histogram::observe(double value) {
  std::size_t i = 0;
  while (i < bounds_.size() && value > bounds_[i]) {
    ++i;
  }
  buckets_[i].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

void MetricsText::begin(std::string_view name, Type type, std::string_view help) {
  family_.assign(kPrefix).append(name);
  text_.append("# HELP ").append(family_).append(" ");
  append_escaped(text_, help, /*quoted=*/false);
  text_.append("\n# TYPE ").append(family_).append(" ").append(type_name(type)).append("\n");
}

void MetricsText::sample(std::uint64_t value, MetricLabels labels) { line("", labels, {}, NumberText(value).view()); }

void MetricsText::sample(std::int64_t value, MetricLabels labels) { line("", labels, {}, NumberText(value).view()); }

void MetricsText::sample(double value, MetricLabels labels) {
  check(std::isfinite(value), "a metric is a finite number");
  line("", labels, {}, NumberText(value).view());
}

void MetricsText::sample(const Histogram& histogram, MetricLabels labels) {
  const std::span<const double> bounds = histogram.bounds();
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    count += histogram.in_bucket(i);
    line("_bucket", labels, NumberText(bounds[i]).view(), NumberText(count).view());
  }
  // Counted from the buckets as they were read, so that _count is the last bucket whatever is observed meanwhile.
  count += histogram.in_bucket(bounds.size());
  line("_bucket", labels, "+Inf", NumberText(count).view());
  line("_sum", labels, {}, NumberText(histogram.sum()).view());
  line("_count", labels, {}, NumberText(count).view());
}

void MetricsText::line(std::string_view suffix, MetricLabels labels, std::string_view upper_bound,
                       std::string_view value) {
  text_.append(family_).append(suffix);
  char before = '{';
  const auto append_label = [this, &before](const MetricLabel& label) {
    text_.push_back(before);
    text_.append(label.name).append("=\"");
    append_escaped(text_, label.value, /*quoted=*/true);
    text_.push_back('"');
    before = ',';
  };
  for (const MetricLabel& label : labels) {
    append_label(label);
  }
  if (!upper_bound.empty()) {
    append_label({"le", upper_bound});
  }
  text_.append(before == ',' ? "} " : " ").append(value).push_back('\n');
}

}  // namespace disposable
