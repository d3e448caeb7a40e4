// Goal: a log line is one line, whatever its fields contain, and JSON where nobody watches; and whoever writes one
// never waits for somebody to read it. Method: a pipe for stderr, read when the test says so.

#include "base/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/file_descriptor.h"
#include "support/fakes.h"

namespace disposable {

namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  // What comes next; waits for it.
  std::string read_some() const {
    std::string text(65536, '\0');
    const ssize_t size = ::read(out.get(), text.data(), text.size());
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }
  std::string read_until(std::string_view end) const {
    std::string text;
    while (text.find(end) == std::string::npos) {
      text += read_some();
    }
    return text;
  }
  std::string read_rest() {
    in.reset();
    std::string text;
    for (std::string more = read_some(); !more.empty(); more = read_some()) {
      text += more;
    }
    return text;
  }
  // Writes until nothing more fits.
  std::size_t fill() const {
    REQUIRE(fcntl(in.get(), F_SETFL, O_NONBLOCK) == 0);
    const std::string block(4096, '.');
    std::size_t size = 0;
    for (ssize_t written = 0; written >= 0; written = ::write(in.get(), block.data(), block.size())) {
      size += static_cast<std::size_t>(written);
    }
    REQUIRE(fcntl(in.get(), F_SETFL, 0) == 0);
    return size;
  }

  FileDescriptor out;
  FileDescriptor in;
};

std::string logged(Log::Format format, LogLevel level, std::string_view value) {
  Pipe pipe;
  ManualClock clock;
  Log(clock, pipe.in.get(), format).write(level, "listening", {{"address", value}, {"port", std::int64_t{8000}}});
  return pipe.read_rest();
}

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
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

TEST_CASE("log: only levels up to the threshold are written, and it can be changed meanwhile") {
  constexpr std::array kLevels{LogLevel::kError, LogLevel::kWarning, LogLevel::kInfo, LogLevel::kRequest,
                               LogLevel::kDebug};
  const struct {
    Log::Format format;
    std::size_t by_default;
  } rows[] = {{Log::Format::kText, 3}, {Log::Format::kJson, 4}};
  for (const auto& row : rows) {
    Pipe pipe;
    ManualClock clock;
    std::size_t expected = row.by_default;
    {
      Log log(clock, pipe.in.get(), row.format);
      const auto write_all = [&log, &kLevels] {
        for (const LogLevel level : kLevels) {
          log.write(level, "x");
          log.write_line(level, "x\n");
        }
      };
      write_all();
      for (std::size_t i = 0; i < kLevels.size(); ++i) {
        log.set_level(kLevels[i]);
        CHECK(log.takes(kLevels[i]));
        CHECK(log.takes(LogLevel::kDebug) == (i == 4));
        write_all();
        expected += i + 1;
      }
    }
    CHECK(lines_in(pipe.read_rest()) == 2 * expected);
  }
}

TEST_CASE("log: a line is there soon, without another one after it") {
  Pipe pipe;
  ManualClock clock;
  Log log(clock, pipe.in.get(), Log::Format::kJson);
  for (const LogLevel level : {LogLevel::kError, LogLevel::kInfo, LogLevel::kRequest, LogLevel::kInfo}) {
    log.write_line(level, "one\n");
    CHECK(pipe.read_until("\n") == "one\n");
  }
}

TEST_CASE("log: threads write whole lines, none is lost and each thread's stay in order") {
  constexpr int kThreads = 4;
  constexpr int kLines = 3000;  // less than the buffer holds
  Pipe pipe;
  ManualClock clock;
  std::string text;
  {
    std::jthread reader([&] { text = pipe.read_until("end\n"); });
    Log log(clock, pipe.in.get(), Log::Format::kJson);
    {
      std::vector<std::jthread> writers;
      for (int id = 0; id < kThreads; ++id) {
        writers.emplace_back([&log, id] {
          for (int i = 0; i < kLines; ++i) {
            log.write_line(LogLevel::kRequest, std::to_string(id) + " " + std::to_string(i) + "\n");
          }
        });
      }
    }
    log.write_line(LogLevel::kInfo, "end\n");
  }
  CHECK(lines_in(text) == kThreads * kLines + 1);
  std::array<int, kThreads> next{};
  for (std::size_t begin = 0; text.compare(begin, 4, "end\n") != 0; begin = text.find('\n', begin) + 1) {
    const auto id = static_cast<std::size_t>(text[begin] - '0');
    REQUIRE(id < kThreads);
    REQUIRE(std::stoi(text.substr(begin + 2)) == next[id]);
    ++next[id];
  }
}

TEST_CASE("log: while nobody reads, nobody waits; what was dropped is told once there is room, errors are kept") {
  Pipe pipe;
  ManualClock clock;
  const std::size_t filled = pipe.fill();
  constexpr std::size_t kLines = 40'000;  // 4 MB, four times the buffer
  const std::string line = std::string(99, 'x') + "\n";
  std::string text;
  {
    Log log(clock, pipe.in.get(), Log::Format::kJson);
    for (std::size_t i = 0; i < kLines; ++i) {
      log.write_line(LogLevel::kRequest, line);
    }
    log.write(LogLevel::kError, "the store cannot go on");
    std::jthread reader([&] { text = pipe.read_until("last\n"); });
    log.write_line(LogLevel::kError, "last\n");
  }
  text.erase(0, filled);
  text += pipe.read_rest();  // where lines were told to be dropped after the last one
  CHECK(text.find("the store cannot go on") != std::string::npos);
  // Told more than once when the writer took a first load before it got stuck.
  std::size_t dropped = 0;
  const std::string_view count = "\"count\":";
  for (std::size_t at = text.find(count); at != std::string::npos; at = text.find(count, at + 1)) {
    dropped += std::stoul(text.substr(at + count.size()));
  }
  const auto kept = static_cast<std::size_t>(std::count(text.begin(), text.end(), 'x')) / 99;
  CHECK(dropped > 10'000);
  CHECK(kept + dropped == kLines);
}

TEST_CASE("log: lines wait for its thread, and are not lost when it never comes") {
  ManualClock clock;
  for (const bool started : {true, false}) {
    CAPTURE(started);
    Pipe pipe;
    {
      Log log(clock, pipe.in.get(), Log::Format::kJson, Log::Begin::kLater);
      log.write_line(LogLevel::kError, "early\n");
      pollfd arrived{pipe.out.get(), POLLIN, 0};
      CHECK(::poll(&arrived, 1, 50) == 0);
      if (started) {
        log.start();
        CHECK(pipe.read_until("\n") == "early\n");
      }
    }
    CHECK(pipe.read_rest() == (started ? "" : "early\n"));
  }
}

TEST_CASE("log: its end waits a second at most for a reader that never comes") {
  Pipe pipe;
  ManualClock clock;
  const std::size_t filled = pipe.fill();
  const auto begin = std::chrono::steady_clock::now();
  Log(clock, pipe.in.get(), Log::Format::kJson).write_line(LogLevel::kError, "late\n");
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took >= std::chrono::milliseconds{900});
  CHECK(took < std::chrono::seconds{5});
  CHECK(pipe.read_until("late\n").size() == filled + 5);  // lets the thread go that was left behind
}

}  // namespace disposable
