#include "base/log.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace disposable {

namespace {

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
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

void Log::write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  const std::string line =
      (format_ == Format::kText ? text_line(level, message, fields) : json_line(clock_.now(), level, message, fields)) +
      "\n";
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return;  // nowhere left to complain
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace disposable
