// The operator's log: one line per event on stderr, typed fields only.
//
// On a terminal a line is for a person; otherwise it is JSON, for journald and scripts. No overload takes a secret type
// and none takes a request, so that leaking one is a compile error.
//
// Writing never waits for stderr: lines go into a buffer of 1 MiB, which a thread of the log's own empties, many lines
// with one write. When nobody reads stderr and the buffer is full, lines are dropped, and a line says how many once
// there is room. Thread-safe.

#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "base/clock.h"
#include "base/log_buffer.h"

namespace disposable {

// Each includes those before it.
enum class LogLevel : std::uint8_t {
  kError,
  kWarning,
  kInfo,
  kRequest,  // one line for each request
  kDebug,
};

struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t> value;
};

class Log {
 public:
  enum class Format : std::uint8_t { kText, kJson };

  // Up to and with kRequest, for a person kInfo.
  static LogLevel default_level(Format format) {
    return format == Format::kText ? LogLevel::kInfo : LogLevel::kRequest;
  }

  enum class Begin : std::uint8_t { kNow, kLater };

  // Starts a thread; with kLater start() does, and lines wait until then. `descriptor` must stay open; the lines are
  // kept from it until it takes them.
  Log(Clock& clock, int descriptor, Format format, Begin begin = Begin::kNow);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  // Waits until everything is written, one second at most with a thread. Nobody may be inside any more.
  ~Log();

  // Once, after kLater.
  void start();

  // Holds from the next line on.
  void set_level(LogLevel level) { level_.store(level, std::memory_order_relaxed); }
  bool takes(LogLevel level) const { return level <= level_.load(std::memory_order_relaxed); }
  Format format() const { return format_; }

  // `message` is constant text; what varies goes into fields.
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

  // A line that somebody has formatted as this log's format wants it, with its line feed; see http/access_log.h.
  void write_line(LogLevel level, std::string_view line);

 private:
  void append(LogLevel level, std::string_view line);
  // Tells how many lines were dropped since it was told last, if any.
  void report_dropped();
  std::string format_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

  Clock& clock_;
  const Format format_;
  std::atomic<LogLevel> level_;
  std::atomic<bool> dropping_{false};        // lines were dropped and nobody was told yet
  const std::shared_ptr<LogBuffer> buffer_;  // shared with the thread, which may be stuck in a write when the log goes
  std::thread writer_;
};

// `text` as the inside of a JSON string: quotes, backslashes and control characters escaped.
std::string json_escape(std::string_view text);

}  // namespace disposable
