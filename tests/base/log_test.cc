// Goal: a log line is one line, whatever its fields contain, and JSON where nobody watches.

#include "base/log.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>

#include "support/fakes.h"

namespace disposable {

namespace {

std::string logged(Log::Format format, LogLevel level, std::string_view value) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  ManualClock clock;
  Log log(clock, ends[1], format);
  log.write(level, "listening", {{"address", value}, {"port", std::int64_t{8000}}});
  close(ends[1]);
  std::array<char, 512> buffer{};
  const ssize_t size = read(ends[0], buffer.data(), buffer.size());
  close(ends[0]);
  return {buffer.data(), static_cast<std::size_t>(size)};
}

}  // namespace

TEST_CASE("log: text for a person, JSON for a script") {
  CHECK(logged(Log::Format::kText, LogLevel::kInfo, "::1") == "disposable-secrets: listening address=::1 port=8000\n");
  CHECK(logged(Log::Format::kText, LogLevel::kError, "::1") ==
        "disposable-secrets: error: listening address=::1 port=8000\n");
  CHECK(logged(Log::Format::kJson, LogLevel::kWarning, "::1") ==
        "{\"time\":\"2023-11-14T22:13:20.000Z\",\"level\":\"warning\",\"message\":\"listening\",\"address\":\"::1\","
        "\"port\":8000}\n");
}

TEST_CASE("log: a field cannot start a new line or leave its quotes") {
  CHECK(logged(Log::Format::kText, LogLevel::kInfo, "a\nb\"").find("a\\u000ab\\\"") != std::string::npos);
  CHECK(logged(Log::Format::kJson, LogLevel::kInfo, "a\r\n\"}").find("a\\u000d\\u000a\\\"}") != std::string::npos);
}

}  // namespace disposable
