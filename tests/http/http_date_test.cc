// Goal: `Date` is what RFC 9110 wants, of the right second, and costs no clock reading per response.

#include "http/http_date.h"

#include <doctest/doctest.h>

#include "support/fakes.h"

namespace disposable {

using namespace std::chrono_literals;

TEST_CASE("date: written as RFC 9110 wants it, for every day and month") {
  const struct {
    std::int64_t seconds;
    const char* text;
  } rows[] = {
      {784'111'777, "Sun, 06 Nov 1994 08:49:37 GMT"},  // the RFC's own example
      {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
      {1'709'164'800, "Thu, 29 Feb 2024 00:00:00 GMT"},
      {1'711'929'599, "Sun, 31 Mar 2024 23:59:59 GMT"},
      {1'712'016'000, "Tue, 02 Apr 2024 00:00:00 GMT"},
      {1'715'126'400, "Wed, 08 May 2024 00:00:00 GMT"},
      {1'717'804'800, "Sat, 08 Jun 2024 00:00:00 GMT"},
      {1'720'137'600, "Fri, 05 Jul 2024 00:00:00 GMT"},
      {1'722'816'000, "Mon, 05 Aug 2024 00:00:00 GMT"},
      {1'725'494'400, "Thu, 05 Sep 2024 00:00:00 GMT"},
      {1'728'086'400, "Sat, 05 Oct 2024 00:00:00 GMT"},
      {1'733'356'800, "Thu, 05 Dec 2024 00:00:00 GMT"},
      {253'402'300'799, "Fri, 31 Dec 9999 23:59:59 GMT"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.seconds);
    CHECK(format_http_date(WallTime(std::chrono::seconds(row.seconds))) == row.text);
  }
  CHECK(format_http_date(WallTime::max()) == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(format_http_date(WallTime::min()) == "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST_CASE("date: changes when the second does, whenever it was read first") {
  ManualClock clock;
  clock.advance(400ms);
  HttpDate date(clock);
  const SteadyTime start{1h};
  CHECK(date.at(start) == "Tue, 14 Nov 2023 22:13:20 GMT");
  clock.advance(599ms);
  CHECK(date.at(start + 599ms) == "Tue, 14 Nov 2023 22:13:20 GMT");
  clock.advance(1ms);
  CHECK(date.at(start + 600ms) == "Tue, 14 Nov 2023 22:13:21 GMT");
  clock.advance(1h);
  CHECK(date.at(start + 601ms) == "Tue, 14 Nov 2023 22:13:21 GMT");  // not read before it has to be
  CHECK(date.at(start + 1h) == "Tue, 14 Nov 2023 23:13:21 GMT");
}

}  // namespace disposable
