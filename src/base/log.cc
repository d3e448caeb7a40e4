#include "base/log.h"

#include <cstdio>

namespace disposable {

namespace {

// At the end of a process whose stderr nobody reads.
constexpr std::chrono::seconds kFlushTime{1};

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return "error";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kRequest:
      return "request";
    case LogLevel::kDebug:
      return "debug";
  }
  return "error";
}

std::string text_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = "disposable-secrets: ";
  if (level != LogLevel::kInfo) {
    line.append(level_name(level)).append(": ");
  }
  line.append(message);
  for (const LogField& field : fields) {
    line.append(" ").append(field.name).append("=");
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      line.append(json_escape(*text));
    } else {
      line.append(std::to_string(std::get<std::int64_t>(field.value)));
    }
  }
  return line;
}

std::string json_line(WallTime now, LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = "{\"time\":\"" + format_utc(now) + "\",\"level\":\"" + std::string(level_name(level)) +
                     "\",\"message\":\"" + json_escape(message) + "\"";
  for (const LogField& field : fields) {
    line.append(",\"").append(json_escape(field.name)).append("\":");
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      line.append("\"").append(json_escape(*text)).append("\"");
    } else {
      line.append(std::to_string(std::get<std::int64_t>(field.value)));
    }
  }
  return line + "}";
}

}  // namespace

std::string json_escape(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      escaped.push_back('\\');
      escaped.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      escaped.append(code);
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

Log::Log(Clock& clock, int descriptor, Format format, Begin begin)
    : clock_(clock), format_(format), level_(default_level(format)), buffer_(std::make_shared<LogBuffer>(descriptor)) {
  if (begin == Begin::kNow) {
    start();
  }
}

void Log::start() {
  writer_ = std::thread([buffer = buffer_] { buffer->run(); });
}

Log::~Log() {
  report_dropped();
  if (!writer_.joinable()) {
    buffer_->finish(std::chrono::milliseconds{0});
    buffer_->run();
  } else if (buffer_->finish(kFlushTime)) {
    writer_.join();
  } else {
    writer_.detach();  // stuck in a write that nobody can end; all it uses is the buffer, which it shares
  }
}

void Log::write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (takes(level)) {
    append(level, format_line(level, message, fields));
  }
}

void Log::write_line(LogLevel level, std::string_view line) {
  if (takes(level)) {
    append(level, line);
  }
}

std::string Log::format_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  return (format_ == Format::kText ? text_line(level, message, fields)
                                   : json_line(clock_.now(), level, message, fields)) +
         "\n";
}

void Log::append(LogLevel level, std::string_view line) {
  if (dropping_.load(std::memory_order_relaxed) && buffer_->has_room()) {
    report_dropped();
  }
  if (!buffer_->append(line, /*urgent=*/level <= LogLevel::kWarning)) {
    dropping_.store(true, std::memory_order_relaxed);
  }
}

void Log::report_dropped() {
  dropping_.store(false, std::memory_order_relaxed);
  if (const auto count = static_cast<std::int64_t>(buffer_->take_dropped()); count > 0) {
    const std::string line = format_line(
        LogLevel::kWarning, "log lines were dropped: they came faster than they were read", {{"count", count}});
    buffer_->append(line, /*urgent=*/true);
  }
}

}  // namespace disposable
