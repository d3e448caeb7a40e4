// The operator's log: one line per event on stderr, typed fields only.
//
// On a terminal a line is for a person; otherwise it is JSON, for journald and scripts. No overload takes a secret type
// and none takes a request, so that leaking one is a compile error. Thread-safe: a line is one write.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"

namespace disposable {

enum class LogLevel : std::uint8_t { kInfo, kWarning, kError };

struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t> value;
};

class Log {
 public:
  enum class Format : std::uint8_t { kText, kJson };

  // Writes to `descriptor`, which must stay open.
  Log(Clock& clock, int descriptor, Format format) : clock_(clock), descriptor_(descriptor), format_(format) {}
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // `message` is constant text; what varies goes into fields.
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

 private:
  Clock& clock_;
  const int descriptor_;
  const Format format_;
};

// `text` as the inside of a JSON string: quotes, backslashes and control characters escaped.
std::string json_escape(std::string_view text);

}  // namespace disposable
