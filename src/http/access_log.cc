#include "http/access_log.h"

#include <algorithm>
#include <charconv>

namespace disposable {

namespace {

// The longest address has 45 characters, and 15 more for a zone; the longest pattern 27.
constexpr std::size_t kLineMax = 512;
constexpr std::size_t kAddressMax = 64;
constexpr std::size_t kTlsVersionMax = 16;

// The methods of RFC 9110, 9.3 and RFC 5789.
std::string_view known_method(std::string_view method) {
  constexpr std::string_view kMethods[] = {"GET",     "POST",  "DELETE", "HEAD", "OPTIONS",
                                           "CONNECT", "TRACE", "PUT",    "PATCH"};
  const auto* found = std::find(std::begin(kMethods), std::end(kMethods), method);
  return found == std::end(kMethods) ? "other" : *found;
}

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == ':' ||
         c == '%' || c == '-';
}

// Every piece is bounded, so that the line always fits.
class LineWriter {
 public:
  LineWriter& constant(std::string_view text) {
    const auto room = static_cast<std::size_t>(line_.data() + line_.size() - at_);  // there is; the compiler asks
    at_ = std::copy_n(text.begin(), std::min(text.size(), room), at_);
    return *this;
  }
  LineWriter& foreign(std::string_view text, std::size_t size_max) {
    const std::string_view piece = text.substr(0, size_max);
    at_ = std::transform(piece.begin(), piece.end(), at_, [](char c) { return is_plain(c) ? c : '?'; });
    return *this;
  }
  template <class Integer>
  LineWriter& number(Integer value) {
    at_ = std::to_chars(at_, line_.data() + line_.size(), value).ptr;
    return *this;
  }
  // Exactly `digits` of them.
  LineWriter& fixed(std::uint64_t value, std::size_t digits, unsigned base) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (std::size_t i = digits; i-- > 0; value /= base) {
      at_[i] = kDigits[value % base];
    }
    at_ += digits;
    return *this;
  }
  // With three digits after the point.
  LineWriter& milliseconds(std::chrono::nanoseconds duration) {
    const auto microseconds =
        std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count(), 0);
    return number(microseconds / 1000).constant(".").fixed(static_cast<std::uint64_t>(microseconds % 1000), 3, 10);
  }
  LineWriter& time(WallTime time) {
    at_ = write_utc(time, at_);
    return *this;
  }

  std::string_view line() const { return {line_.data(), static_cast<std::size_t>(at_ - line_.data())}; }

 private:
  std::array<char, kLineMax> line_;
  char* at_ = line_.data();
};

void write_json(LineWriter& out, const AccessLine& line, WallTime now, std::uint64_t id) {
  out.constant(R"({"time":")")
      .time(now)
      .constant(R"(","level":"request","message":"request","id":")")
      .fixed(id, 16, 16);
  out.constant(R"(","method":")").constant(known_method(line.method));
  out.constant(R"(","route":")").constant(route_name(line.route).pattern);
  out.constant(R"(","status":)").number(line.status);
  out.constant(R"(,"duration_ms":)").milliseconds(line.duration);
  out.constant(R"(,"bytes_in":)").number(line.bytes_in).constant(R"(,"bytes_out":)").number(line.bytes_out);
  out.constant(R"(,"address":")").foreign(line.address, kAddressMax);
  if (!line.tls_version.empty()) {
    out.constant(R"(","tls":")").foreign(line.tls_version, kTlsVersionMax);
  }
  out.constant("\"}\n");
}

void write_text(LineWriter& out, const AccessLine& line) {
  out.constant("disposable-secrets: ").constant(known_method(line.method)).constant(" ");
  out.constant(route_name(line.route).pattern).constant(" ").number(line.status).constant(" ");
  out.milliseconds(line.duration).constant(" ms, ").number(line.bytes_in).constant(" bytes in, ");
  out.number(line.bytes_out).constant(" out, ").foreign(line.address, kAddressMax);
  if (!line.tls_version.empty()) {
    out.constant(", ").foreign(line.tls_version, kTlsVersionMax);
  }
  out.constant("\n");
}

std::uint64_t random_number(Random& random) {
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  return ByteReader(bytes).u64();
}

}  // namespace

AccessLog::AccessLog(Log& log, Clock& clock, Random& random)
    : log_(log), clock_(clock), next_id_(random_number(random)) {}

void AccessLog::write(const AccessLine& line) {
  if (!log_.takes(LogLevel::kRequest)) {
    return;
  }
  const std::uint64_t id = next_id_.fetch_add(1, std::memory_order_relaxed);
  LineWriter out;
  if (log_.format() == Log::Format::kJson) {
    write_json(out, line, clock_.now(), id);
  } else {
    write_text(out, line);
  }
  log_.write_line(LogLevel::kRequest, out.line());
}

}  // namespace disposable
