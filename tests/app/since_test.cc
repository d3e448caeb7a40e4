// Goal: every form an operator may type, and refusal of what only looks like one.

#include "app/since.h"

#include <doctest/doctest.h>

namespace disposable {

TEST_CASE("since: dates, times and ages") {
  const WallTime now(std::chrono::milliseconds(1'700'000'000'000));  // 2023-11-14T22:13:20Z
  struct Row {
    std::string_view text;
    std::string_view expected;
  };
  const Row rows[] = {
      {"2023-11-14", "2023-11-14T00:00:00.000Z"},
      {"2023-11-14Z", "2023-11-14T00:00:00.000Z"},
      {"2024-02-29", "2024-02-29T00:00:00.000Z"},
      {"2023-11-14T22:13", "2023-11-14T22:13:00.000Z"},
      {"2023-11-14T22:13Z", "2023-11-14T22:13:00.000Z"},
      {"2023-11-14T22:13:20", "2023-11-14T22:13:20.000Z"},
      {"2023-11-14T22:13:20Z", "2023-11-14T22:13:20.000Z"},
      {"20s", "2023-11-14T22:13:00.000Z"},
      {"13m", "2023-11-14T22:00:20.000Z"},
      {"22h", "2023-11-14T00:13:20.000Z"},
      {"1d", "2023-11-13T22:13:20.000Z"},
      {"0s", "2023-11-14T22:13:20.000Z"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<WallTime> since = parse_since(row.text, now);
    REQUIRE(since);
    CHECK(format_utc(*since) == row.expected);
  }
}

TEST_CASE("since: spans are numbers with a unit") {
  CHECK(parse_span("90s") == std::chrono::seconds{90});
  CHECK(parse_span("15m") == std::chrono::minutes{15});
  CHECK(parse_span("24h") == std::chrono::hours{24});
  CHECK(parse_span("30d") == std::chrono::days{30});
  for (const std::string_view text : {"", "d", "30", "-1d", "+1d", "1.5h", "1w", "2023-11-14", "1 d", "99999999999d"}) {
    CAPTURE(text);
    CHECK(parse_span(text).error().code == Errc::kInvalidArgument);
  }
}

TEST_CASE("since: everything else is refused") {
  for (const std::string_view text : {"",
                                      "s",
                                      "d",
                                      "-1d",
                                      "1.5h",
                                      "1w",
                                      "yesterday",
                                      "2023",
                                      "2023-11",
                                      "2023-13-01",
                                      "2023-02-29",
                                      "2023-11-14T",
                                      "2023-11-14T24:00",
                                      "2023-11-14T22:60",
                                      "2023-11-14T22:13:60",
                                      "2023-11-14 22:13",
                                      "2023-11-14T22:13:20.5Z",
                                      "2023-11-14ZZ",
                                      "-023-11-14",
                                      "99999999999d"}) {
    CAPTURE(text);
    CHECK(parse_since(text, WallTime{}).error().code == Errc::kInvalidArgument);
  }
}

}  // namespace disposable
