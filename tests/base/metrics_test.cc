// Goal: nothing is lost when threads count at once, and the text is what Prometheus reads.

#include "base/metrics.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "support/metrics_parser.h"

namespace disposable {

namespace {

constexpr double kBounds[] = {0.5, 1, 2.5};

}  // namespace

TEST_CASE("metrics: threads that count at once lose nothing") {
  constexpr int kThreads = 4;
  constexpr int kRounds = 10'000;
  Counter counter;
  Gauge gauge;
  Histogram histogram(kBounds);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < kRounds; ++round) {
          counter.add(2);
          gauge.add(3);
          gauge.sub();
          histogram.observe(round % 2 == 0 ? 1.0 : 4.0);
        }
      });
    }
  }
  CHECK(counter.value() == 2ULL * kThreads * kRounds);
  CHECK(gauge.value() == 2LL * kThreads * kRounds);
  CHECK(histogram.in_bucket(1) == kThreads * kRounds / 2);
  CHECK(histogram.in_bucket(3) == kThreads * kRounds / 2);
  CHECK(histogram.sum() == 2.5 * kThreads * kRounds);
}

TEST_CASE("metrics: a value counts in the first bucket whose bound it does not exceed") {
  const struct {
    double value;
    std::size_t bucket;
  } rows[] = {{-1, 0}, {0, 0}, {0.5, 0}, {0.500001, 1}, {1, 1}, {2.5, 2}, {2.6, 3}, {1e300, 3}};
  for (const auto& row : rows) {
    CAPTURE(row.value);
    Histogram histogram(kBounds);
    histogram.observe(row.value);
    for (std::size_t i = 0; i <= 3; ++i) {
      CHECK(histogram.in_bucket(i) == (i == row.bucket ? 1 : 0));
    }
  }
}

TEST_CASE("metrics: durations are seconds") {
  Histogram histogram(kBounds);
  histogram.observe(std::chrono::milliseconds{750});
  CHECK(histogram.in_bucket(1) == 1);
  CHECK(histogram.sum() == doctest::Approx(0.75));
}

TEST_CASE("metrics: the text, byte for byte") {
  Counter counter;
  counter.add(18'446'744'073'709'551'615ULL);
  Histogram histogram(kBounds);
  histogram.observe(0.25);
  histogram.observe(2.0);
  histogram.observe(8.0);
  MetricsText text;
  text.counter("things_total", "Things.\nWith a \"quote\" and a \\.", counter);
  text.begin("level_ratio", MetricsText::Type::kGauge, "Levels.");
  text.sample(std::int64_t{-3}, {{"place", "a\"b\\c\nd"}, {"other", ""}});
  text.sample(0.125, {{"place", "x"}});
  text.begin("wait_seconds", MetricsText::Type::kHistogram, "Waits.");
  text.sample(histogram, {{"route", "/a/{b}"}});
  const std::string written = text.take();
  CHECK(written ==
        "# HELP disposable_secrets_things_total Things.\\nWith a \"quote\" and a \\\\.\n"
        "# TYPE disposable_secrets_things_total counter\n"
        "disposable_secrets_things_total 18446744073709551615\n"
        "# HELP disposable_secrets_level_ratio Levels.\n"
        "# TYPE disposable_secrets_level_ratio gauge\n"
        "disposable_secrets_level_ratio{place=\"a\\\"b\\\\c\\nd\",other=\"\"} -3\n"
        "disposable_secrets_level_ratio{place=\"x\"} 0.125\n"
        "# HELP disposable_secrets_wait_seconds Waits.\n"
        "# TYPE disposable_secrets_wait_seconds histogram\n"
        "disposable_secrets_wait_seconds_bucket{route=\"/a/{b}\",le=\"0.5\"} 1\n"
        "disposable_secrets_wait_seconds_bucket{route=\"/a/{b}\",le=\"1\"} 1\n"
        "disposable_secrets_wait_seconds_bucket{route=\"/a/{b}\",le=\"2.5\"} 2\n"
        "disposable_secrets_wait_seconds_bucket{route=\"/a/{b}\",le=\"+Inf\"} 3\n"
        "disposable_secrets_wait_seconds_sum{route=\"/a/{b}\"} 10.25\n"
        "disposable_secrets_wait_seconds_count{route=\"/a/{b}\"} 3\n");
  const ParsedMetrics parsed(written);
  CHECK(parsed.error() == "");
  CHECK(parsed.value("disposable_secrets_wait_seconds_bucket{route=\"/a/{b}\",le=\"2.5\"}") == 2);
}

TEST_CASE("metrics: the parser of these tests refuses what Prometheus would misread") {
  const std::string gauge = "# HELP disposable_secrets_a A.\n# TYPE disposable_secrets_a gauge\n";
  const std::string wait =
      "# HELP disposable_secrets_w W.\n# TYPE disposable_secrets_w histogram\n"
      "disposable_secrets_w_bucket{le=\"1\"} 2\n";
  for (const std::string& text :
       {std::string(),
        gauge,
        gauge + "disposable_secrets_a 1",
        gauge + "disposable_secrets_a x\n",
        gauge + "disposable_secrets_b 1\n",
        gauge + "disposable_secrets_a 1\ndisposable_secrets_a 2\n",
        gauge + "disposable_secrets_a{x=\"1} 1\n",
        gauge + "disposable_secrets_a{x=\"1\",} 1\n",
        gauge + "disposable_secrets_a{} 1\n",
        gauge + "disposable_secrets_a 1\n" + gauge,
        std::string("disposable_secrets_a 1\n"),
        std::string("# TYPE disposable_secrets_a gauge\n"),
        gauge + "disposable_secrets_a 1\n\n",
        gauge + "disposable_secrets_a NaN\n",
        std::string("# HELP disposable_secrets_a A.\n# TYPE disposable_secrets_a counter\ndisposable_secrets_a 1\n"),
        wait,
        wait + "disposable_secrets_w_bucket{le=\"+Inf\"} 1\n",
        wait + "disposable_secrets_w_bucket{le=\"+Inf\"} 2\ndisposable_secrets_w_sum 1\n",
        wait + "disposable_secrets_w_bucket{le=\"+Inf\"} 2\ndisposable_secrets_w_sum 1\ndisposable_secrets_w_count 3\n",
        wait + "disposable_secrets_w_sum 1\ndisposable_secrets_w_count 2\n"}) {
    CAPTURE(text);
    CHECK(ParsedMetrics(text).error() != "");
  }
}

}  // namespace disposable
