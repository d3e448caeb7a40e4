// A strict reader of the Prometheus text format 0.0.4 as MetricsText writes it: everything that the format allows and
// we do not need is an error. Source: https://prometheus.io/docs/instrumenting/exposition_formats/

#pragma once

#include <map>
#include <string>
#include <string_view>

namespace disposable {

class ParsedMetrics {
 public:
  explicit ParsedMetrics(std::string_view text);

  // The first thing that is wrong, with its line; empty when nothing is.
  const std::string& error() const { return error_; }
  // The value of a sample, spelled as in the text: `name` or `name{label="value"}`; NaN when there is none.
  double value(const std::string& sample) const;
  bool has(const std::string& sample) const { return samples_.contains(sample); }
  const std::map<std::string, double>& samples() const { return samples_; }

 private:
  void parse_line(std::string_view line);
  void parse_comment(std::string_view line);
  void parse_sample(std::string_view line);
  void check_histogram(const std::string& name, const std::string& labels, double bound, double value);
  void end_series();
  void end_family();
  void fail(const std::string& what) { error_ = error_.empty() ? what + ": " + line_ : error_; }

  std::string error_;
  std::string line_;  // what is being parsed, for error_
  std::map<std::string, double> samples_;
  std::map<std::string, std::string> types_;
  std::string family_;
  std::string help_for_;
  std::size_t samples_in_family_ = 0;
  // The histogram series that is being read.
  std::string series_;
  double bound_ = 0;
  double cumulative_ = 0;
  bool infinite_ = false;
  bool summed_ = false;
  bool counted_ = false;
};

}  // namespace disposable
