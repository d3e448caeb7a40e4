#include "support/metrics_parser.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace disposable {

namespace {

constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789_";

bool is_name(std::string_view text) {
  return !text.empty() && text.find_first_not_of(kNameCharacters) == std::string_view::npos &&
         (text[0] < '0' || text[0] > '9');
}

// A decimal number; "+Inf" only as a bound.
bool parse_number(const std::string& text, double& value) {
  if (text.empty() || text.find_first_not_of("0123456789.e+-") != std::string::npos) {
    return false;
  }
  char* end = nullptr;
  value = std::strtod(text.c_str(), &end);
  return *end == '\0' && std::isfinite(value);
}

// The label pairs inside the braces, without `le`; false when they are malformed.
bool split_labels(std::string_view text, std::string& without_le, std::string& le) {
  while (!text.empty()) {
    const std::size_t equals = text.find("=\"");
    if (equals == std::string_view::npos || !is_name(text.substr(0, equals))) {
      return false;
    }
    std::size_t end = equals + 2;
    while (end < text.size() && text[end] != '"') {
      if (text[end] == '\\') {
        ++end;
        if (end == text.size() || std::string_view("\\\"n").find(text[end]) == std::string_view::npos) {
          return false;
        }
      }
      ++end;
    }
    if (end >= text.size()) {
      return false;
    }
    if (text.substr(0, equals) == "le") {
      le = text.substr(equals + 2, end - equals - 2);
    } else {
      without_le.append(without_le.empty() ? "" : ",").append(text.substr(0, end + 1));
    }
    text.remove_prefix(end + 1);
    if (!text.empty()) {
      if (text[0] != ',' || text.size() == 1) {
        return false;
      }
      text.remove_prefix(1);
    }
  }
  return true;
}

}  // namespace

ParsedMetrics::ParsedMetrics(std::string_view text) {
  if (text.empty() || text.back() != '\n') {
    fail("the text does not end with a line feed");
  }
  while (!text.empty() && error_.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    parse_line(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  end_family();
}

double ParsedMetrics::value(const std::string& sample) const {
  const auto found = samples_.find(sample);
  return found == samples_.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

void ParsedMetrics::parse_line(std::string_view line) {
  line_ = line;
  if (line.starts_with("# ")) {
    parse_comment(line.substr(2));
  } else {
    parse_sample(line);
  }
}

void ParsedMetrics::parse_comment(std::string_view line) {
  const std::string kind(line.substr(0, std::min(line.find(' '), line.size())));
  if ((kind != "HELP" && kind != "TYPE") || line.size() < 6) {
    return fail("neither HELP nor TYPE");
  }
  const std::string_view rest = line.substr(5);
  const std::size_t space = rest.find(' ');
  if (space == std::string_view::npos || space + 1 == rest.size() || !is_name(rest.substr(0, space))) {
    return fail("no name, or nothing after it");
  }
  const std::string name(rest.substr(0, space));
  if (kind == "HELP") {
    end_family();
    help_for_ = name;
    family_.clear();
    return;
  }
  const std::string type(rest.substr(space + 1));
  if (type != "counter" && type != "gauge" && type != "histogram") {
    return fail("an unknown type");
  }
  if (help_for_ != name || !types_.emplace(name, type).second) {
    return fail("TYPE without HELP, or twice");
  }
  if (!name.starts_with("disposable_secrets_") || name.ends_with("_total") != (type == "counter")) {
    return fail("the name does not fit the type");
  }
  family_ = name;
  samples_in_family_ = 0;
}

void ParsedMetrics::parse_sample(std::string_view line) {
  const std::size_t brace = line.find('{');
  const std::size_t labels_end = brace == std::string_view::npos ? line.find(' ') : line.rfind("} ");
  if (labels_end == std::string_view::npos) {
    return fail("no value");
  }
  const bool labelled = brace != std::string_view::npos;
  const std::string name(line.substr(0, labelled ? brace : labels_end));
  std::string labels;
  std::string le;
  if (labelled &&
      (brace + 1 == labels_end || !split_labels(line.substr(brace + 1, labels_end - brace - 1), labels, le))) {
    return fail("malformed labels");
  }
  const std::size_t series_end = labels_end + (labelled ? 1 : 0);
  double value = 0;
  if (!is_name(name) || !parse_number(std::string(line.substr(series_end + 1)), value)) {
    return fail("a malformed name or value");
  }
  if (!samples_.emplace(line.substr(0, series_end), value).second) {
    return fail("a sample twice");
  }
  ++samples_in_family_;
  const std::string type = types_[family_];
  if (type == "histogram") {
    double bound = std::numeric_limits<double>::infinity();
    if (name.ends_with("_bucket") && le != "+Inf" && !parse_number(le, bound)) {
      return fail("a malformed bound");
    }
    check_histogram(name, labels, bound, value);
  } else if (name != family_ || !le.empty()) {
    fail("a sample of another family");
  } else if (type == "counter" && (value < 0)) {
    fail("a negative counter");
  }
}

void ParsedMetrics::check_histogram(const std::string& name, const std::string& labels, double bound, double value) {
  const bool fresh = series_.empty() || series_ != labels + "|" || counted_;
  if (fresh) {
    end_series();
    series_ = labels + "|";
  }
  if (name == family_ + "_bucket") {
    if (summed_ || infinite_ || (!fresh && (bound <= bound_ || value < cumulative_))) {
      return fail("buckets must rise and end with +Inf");
    }
    bound_ = bound;
    cumulative_ = value;
    infinite_ = std::isinf(bound);
  } else if (name == family_ + "_sum" && infinite_ && !summed_) {
    summed_ = true;
  } else if (name == family_ + "_count" && summed_ && value == cumulative_) {
    counted_ = true;
  } else {
    fail("not a histogram's sample, or not in its place");
  }
}

void ParsedMetrics::end_series() {
  if (!series_.empty() && !counted_) {
    fail("a histogram without its end");
  }
  series_.clear();
  bound_ = cumulative_ = 0;
  infinite_ = summed_ = counted_ = false;
}

void ParsedMetrics::end_family() {
  end_series();
  if (!family_.empty() && samples_in_family_ == 0) {
    fail("a family without samples");
  }
}

}  // namespace disposable
