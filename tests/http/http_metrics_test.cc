// Goal: /metrics tells what happened, where it should and nowhere else, with labels that are ours alone.

#include "http/http_metrics.h"

#include <doctest/doctest.h>

#include "http/api_fixture.h"
#include "support/metrics_parser.h"

namespace disposable {

namespace {

constexpr std::string_view kKey = "550e8400-e29b-41d4-a716-446655440000";

std::string text_of(const HttpMetrics& metrics) {
  MetricsText text;
  metrics.write_metrics(text);
  return text.take();
}

double value(const HttpMetrics& metrics, const std::string& sample) {
  return ParsedMetrics(text_of(metrics)).value("disposable_secrets_http_" + sample);
}

}  // namespace

TEST_CASE("http metrics: a request counts for its operation and status") {
  const std::string secret_path = "/api/v1/secret/" + std::string(kKey);
  const struct {
    std::string_view method;
    std::string_view path;
    int status;
    std::string_view labels;
  } rows[] = {
      {"POST", "/api/v1/secret", 200, R"(method="POST",route="/api/v1/secret",status="200")"},
      {"POST", "/api/v1/secret", 507, R"(method="POST",route="/api/v1/secret",status="507")"},
      {"GET", secret_path, 410, R"(method="GET",route="/api/v1/secret/{secret_key}",status="410")"},
      {"DELETE", secret_path, 429, R"(method="DELETE",route="/api/v1/secret/{secret_key}",status="429")"},
      {"HEAD", "/healthz", 200, R"(method="GET",route="/healthz",status="200")"},
      {"GET", "/docs/x.js", 404, R"(method="GET",route="/docs/{asset}",status="404")"},
      {"PUT", secret_path, 405, R"(method="unmatched",route="unmatched",status="405")"},
      {"GET", "/nothing", 404, R"(method="unmatched",route="unmatched",status="404")"},
      {"", "", 400, R"(method="unmatched",route="unmatched",status="400")"},
      {"GET", "/", 299, R"(method="GET",route="/",status="other")"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.labels);
    HttpMetrics metrics;
    metrics.count({Api::route(row.method, row.path).index, row.status, std::chrono::milliseconds{3}});
    CHECK(value(metrics, "requests_total{" + std::string(row.labels) + "}") == 1);
    const std::string labels(row.labels.substr(0, row.labels.find(",status")));
    CHECK(value(metrics, "request_seconds_bucket{" + labels + R"(,le="0.0025"})") == 0);
    CHECK(value(metrics, "request_seconds_bucket{" + labels + R"(,le="0.005"})") == 1);
    CHECK(text_of(metrics).find(kKey) == std::string::npos);
  }
}

TEST_CASE("http metrics: the text is well-formed from the start, with every status that is announced") {
  const ParsedMetrics metrics(text_of(HttpMetrics{}));
  CHECK(metrics.error() == "");
  for (const Api::Operation& operation : Api::operations()) {
    for (const int status : operation.statuses) {
      const std::string sample = "disposable_secrets_http_requests_total{method=\"" + std::string(operation.method) +
                                 "\",route=\"" + std::string(operation.pattern) + "\",status=\"" +
                                 std::to_string(status) + "\"}";
      CAPTURE(sample);
      CHECK(metrics.has(sample));
    }
  }
}

TEST_CASE("http metrics: connections are at one state each, and bytes add up") {
  HttpMetrics metrics;
  for (const ConnectionState first : {ConnectionState::kHandshake, ConnectionState::kIdle, ConnectionState::kIdle}) {
    metrics.accepted();
    metrics.moved(ConnectionState::kClosed, first);
  }
  metrics.moved(ConnectionState::kHandshake, ConnectionState::kReading);
  metrics.moved(ConnectionState::kIdle, ConnectionState::kWorking);
  metrics.moved(ConnectionState::kWorking, ConnectionState::kWriting);
  metrics.moved(ConnectionState::kIdle, ConnectionState::kClosed);
  metrics.evicted();
  metrics.received(100);
  metrics.received(1);
  metrics.sent(7);
  CHECK(value(metrics, R"(connections{state="handshake"})") == 0);
  CHECK(value(metrics, R"(connections{state="idle"})") == 0);
  CHECK(value(metrics, R"(connections{state="reading"})") == 1);
  CHECK(value(metrics, R"(connections{state="working"})") == 0);
  CHECK(value(metrics, R"(connections{state="writing"})") == 1);
  CHECK(value(metrics, "connections_accepted_total") == 3);
  CHECK(value(metrics, "connections_evicted_total") == 1);
  CHECK(value(metrics, "received_bytes_total") == 101);
  CHECK(value(metrics, "sent_bytes_total") == 7);
}

TEST_CASE("http metrics: /metrics is plain text that nobody keeps") {
  const ApiFixture fixture;
  for (const std::string_view method : {"GET", "HEAD"}) {
    const Response response = fixture.call({method, "/metrics"});
    CHECK(response.status == 200);
    CHECK(header_of(response, "Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(header_of(response, "Cache-Control") == "no-cache, no-store, must-revalidate");
    CHECK(ParsedMetrics(body_of(response)).value("disposable_secrets_a") == 1);
  }
}

TEST_CASE("http metrics: a listener of their own tells metrics and health only, and no other tells metrics then") {
  VaultFixture vault;
  const auto answer = [&vault](bool apart, bool metrics_listener, std::string_view method, std::string_view path) {
    Api::Parts parts{vault.vault, [] { return Readiness{}; }};
    parts.metrics = [](MetricsText& text) { text.gauge("a", "A.", std::uint64_t{1}); };
    parts.metrics_apart = apart;
    const Api api(parts);
    Request request{method, path, {}, {}, "192.0.2.7"};
    request.metrics_listener = metrics_listener;
    const std::optional<Response> refused = api.refuse(Api::route(request.method, request.path), request, 0);
    const int status = api.handle(request).status;
    CHECK((refused ? refused->status : 200) == status);
    return status;
  };
  const struct {
    std::string_view method;
    std::string_view path;
    int together;
    int apart;
    int on_metrics_listener;
  } rows[] = {
      {"GET", "/metrics", 200, 404, 200},      {"HEAD", "/metrics", 200, 404, 200}, {"POST", "/metrics", 405, 404, 405},
      {"GET", "/healthz", 200, 200, 200},      {"GET", "/readyz", 200, 200, 200},   {"GET", "/", 200, 200, 404},
      {"GET", "/openapi.json", 200, 200, 404},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    CAPTURE(row.method);
    CHECK(answer(false, false, row.method, row.path) == row.together);
    CHECK(answer(true, false, row.method, row.path) == row.apart);
    CHECK(answer(true, true, row.method, row.path) == row.on_metrics_listener);
  }
  CHECK(answer(true, true, "POST", "/api/v1/secret") == 404);
  CHECK(answer(true, true, "GET", "/api/v1/secret/" + std::string(kKey)) == 404);
}

}  // namespace disposable
