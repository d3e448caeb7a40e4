// Goal: an access line says what the design wants and nothing that a client could choose, whatever it sent.

#include "http/access_log.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/file_descriptor.h"
#include "support/fakes.h"

namespace disposable {

namespace {

constexpr std::string_view kKey = "550e8400-e29b-41d4-a716-446655440000";

std::string logged(Log::Format format, LogLevel level, const std::vector<AccessLine>& lines) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const FileDescriptor out(ends[0]);
  FileDescriptor in(ends[1]);
  ManualClock clock;
  SeededRandom random(1);
  {
    Log log(clock, in.get(), format);
    log.set_level(level);
    AccessLog access(log, clock, random);
    for (const AccessLine& line : lines) {
      access.write(line);
    }
  }
  in.reset();
  std::string text(65536, '\0');
  const ssize_t size = ::read(out.get(), text.data(), text.size());
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

AccessLine retrieval() {
  AccessLine line;
  line.method = "GET";
  line.route = Api::route("GET", "/api/v1/secret/" + std::string(kKey)).index;
  line.status = 410;
  line.duration = std::chrono::nanoseconds{12'003'456};
  line.bytes_in = 181;
  line.bytes_out = 300;
  line.address = "192.0.2.7";
  return line;
}

nlohmann::json as_json(const AccessLine& line) {
  return nlohmann::json::parse(logged(Log::Format::kJson, LogLevel::kRequest, {line}));
}

}  // namespace

TEST_CASE("access log: a line in JSON, byte for byte but for its id") {
  std::string text = logged(Log::Format::kJson, LogLevel::kRequest, {retrieval()});
  const std::size_t id = text.find("\"id\":\"") + 6;
  REQUIRE(id > 6);
  CHECK(text.substr(id, 16).find_first_not_of("0123456789abcdef") == std::string::npos);
  text.replace(id, 16, "ID");
  CHECK(text ==
        "{\"time\":\"2023-11-14T22:13:20.000Z\",\"level\":\"request\",\"message\":\"request\",\"id\":\"ID\","
        "\"method\":\"GET\","
        "\"route\":\"/api/v1/secret/{secret_key}\",\"status\":410,\"duration_ms\":12.003,\"bytes_in\":181,"
        "\"bytes_out\":300,\"address\":\"192.0.2.7\"}\n");
}

TEST_CASE("access log: a line in text, with TLS") {
  AccessLine line = retrieval();
  line.tls_version = "TLSv1.3";
  CHECK(
      logged(Log::Format::kText, LogLevel::kRequest, {line}) ==
      "disposable-secrets: GET /api/v1/secret/{secret_key} 410 12.003 ms, 181 bytes in, 300 out, 192.0.2.7, TLSv1.3\n");
  CHECK(as_json(line)["tls"] == "TLSv1.3");
}

TEST_CASE("access log: it is silent below its level") {
  CHECK(logged(Log::Format::kJson, LogLevel::kInfo, {retrieval()}).empty());
  CHECK_FALSE(logged(Log::Format::kJson, LogLevel::kDebug, {retrieval()}).empty());
}

TEST_CASE("access log: every id is another") {
  const std::string text = logged(Log::Format::kJson, LogLevel::kRequest, std::vector(100, retrieval()));
  std::set<std::string> ids;
  for (std::size_t at = text.find("\"id\":\""); at != std::string::npos; at = text.find("\"id\":\"", at + 1)) {
    ids.insert(text.substr(at + 6, 16));
  }
  CHECK(ids.size() == 100);
}

TEST_CASE("access log: only known methods and routes are named") {
  const struct {
    std::string_view method;
    std::string path;
    std::string_view method_written;
    std::string_view route_written;
  } rows[] = {
      {"POST", "/api/v1/secret", "POST", "/api/v1/secret"},
      {"HEAD", "/healthz", "HEAD", "/healthz"},
      {"PUT", "/api/v1/secret", "PUT", "unmatched"},
      {"GET", "/" + std::string(kKey), "GET", "unmatched"},
      {kKey, "/healthz", "other", "unmatched"},
      {"get", "/healthz", "other", "unmatched"},
      {"", "", "other", "unmatched"},
  };
  for (const auto& row : rows) {
    AccessLine line = retrieval();
    line.method = row.method;
    line.route = Api::route(row.method, row.path).index;
    const nlohmann::json written = as_json(line);
    CHECK(written["method"] == row.method_written);
    CHECK(written["route"] == row.route_written);
    CHECK(written.dump().find(kKey) == std::string::npos);
  }
}

TEST_CASE("access log: nothing breaks out of a field or the line, and the longest line fits") {
  AccessLine line = retrieval();
  line.address = "1\"},\n\\{\x01\xFF";
  line.tls_version = "TLS\"\n";
  CHECK(as_json(line)["address"] ==
        "1?????"
        "???");
  CHECK(as_json(line)["tls"] == "TLS??");
  const std::string endless(10'000, 'f');
  line.address = endless;
  line.tls_version = endless;
  line.status = std::numeric_limits<int>::min();
  line.duration = std::chrono::nanoseconds::max();
  line.bytes_in = line.bytes_out = std::numeric_limits<std::uint64_t>::max();
  const nlohmann::json written = as_json(line);
  CHECK(written["bytes_out"] == std::numeric_limits<std::uint64_t>::max());
  CHECK(written["address"] == std::string(64, 'f'));
  line.duration = std::chrono::nanoseconds{-5};
  CHECK(as_json(line)["duration_ms"] == 0.0);
}

}  // namespace disposable
