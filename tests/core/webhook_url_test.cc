// Goal: a webhook's URL is read in one way, or refused. Method: tables, with what other readers take for something
// else.

#include <doctest/doctest.h>

#include "core/webhook.h"
#include "core/webhook_url.h"

namespace disposable {

TEST_CASE("webhook url: its parts are what was written") {
  struct Row {
    std::string_view url;
    bool tls;
    std::string_view host;
    int port;
    std::string_view target;
  };
  const Row rows[] = {
      {"https://example.org", true, "example.org", 443, ""},
      {"https://example.org/", true, "example.org", 443, "/"},
      {"https://example.org/hooks/T0/B0?token=a%2Fb&x", true, "example.org", 443, "/hooks/T0/B0?token=a%2Fb&x"},
      {"https://example.org?a=b", true, "example.org", 443, "?a=b"},
      {"https://example.org:8443/a:b@c", true, "example.org", 8443, "/a:b@c"},
      {"https://example.org:65535/", true, "example.org", 65535, "/"},
      {"HTTPS://Example.ORG/A", true, "Example.ORG", 443, "/A"},
      {"http://localhost:1/", false, "localhost", 1, "/"},
      {"http://example.org/", false, "example.org", 80, "/"},
      {"https://xn--bcher-kva.example/", true, "xn--bcher-kva.example", 443, "/"},
      {"https://a_b.internal/", true, "a_b.internal", 443, "/"},
      {"https://127.0.0.1/", true, "127.0.0.1", 443, "/"},
      {"https://[::1]/", true, "::1", 443, "/"},
      {"https://[2001:DB8::1]:8443", true, "2001:DB8::1", 8443, ""},
      {"https://[::ffff:127.0.0.1]/", true, "::ffff:127.0.0.1", 443, "/"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.url);
    const Result<WebhookUrl> url = parse_webhook_url(row.url);
    REQUIRE(url);
    CHECK(url->tls == row.tls);
    CHECK(url->host == row.host);
    CHECK(url->port == row.port);
    CHECK(url->target == row.target);
    CHECK(check_webhook_url(row.url));
  }
}

TEST_CASE("webhook url: what could be read in two ways is refused") {
  using namespace std::string_view_literals;
  const std::string label(64, 'a');
  const std::string long_label = "https://" + label + ".example/";
  std::string long_name = "https://";
  for (int i = 0; i < 64; ++i) {
    long_name += "abc.";
  }
  long_name += "example/";
  const std::string_view refused[] = {
      "",
      "https",
      "https:",
      "https:/",
      "https://",
      "https:///",
      "https:///path",
      "https://?a",
      "https://:443/",
      "//example.org/",
      "example.org",
      "/path",
      "ftp://example.org/",
      "javascript:alert(1)",
      "https:example.org",
      " https://example.org/",
      "https://example.org/ ",
      "https://example.org/a b",
      "https:// example.org/",
      "https://user@example.org/",
      "https://user:word@example.org/",
      "https://@example.org/",
      "https://a@b@c/",
      "https://example.org#@127.0.0.1/",
      "https://example.org/#fragment",
      "https://example.org/?a#",
      "https://example.org\\@127.0.0.1/",
      "https://example.org/\\a",
      "https:\\\\example.org/",
      "https:/\\example.org",
      "https://example.org/\r\nHost: b",
      "https://example.org\n/",
      "https://example.org/\t",
      "https://exa\tmple.org/",
      "https://example.org/\0"sv,
      "https://127.0.0.1\0.example.org/"sv,
      "https://[::1\0]/"sv,
      "\0https://a/"sv,
      "https://example.org/\x7f",
      "https://example.org/\xc3\xbc",
      "https://b\xc3\xbc"
      "cher.example/",
      "https://example.org:0/",
      "https://example.org:65536/",
      "https://example.org:99999999999/",
      "https://example.org:/",
      "https://example.org:+1/",
      "https://example.org:-1/",
      "https://example.org:0443/",
      "https://example.org:80:80/",
      "https://example.org:8o/",
      "https://example.org: 80/",
      "https://example.org:%38/",
      "https://example%2eorg/",
      "https://%31%32%37.0.0.1/",
      "https://exam%00ple.org/",
      "https://127.1/",
      "https://2130706433/",
      "https://0x7f000001/",
      "https://0x7f.0.0.1/",
      "https://0177.0.0.1/",
      "https://127.0.0.01/",
      "https://127.0.0.0x1/",
      "https://127.0.0.1.2/",
      "https://256.0.0.1/",
      "https://a.1/",
      "https://127.0.0.1./",
      "https://example.org./",
      "https://.example.org/",
      "https://a..b/",
      "https://./",
      "https://-a.example/",
      "https://a-.example/",
      "https://a,b/",
      "https://a;b/",
      "https://a*b/",
      "https://(a)/",
      "https://::1/",
      "https://[::1/",
      "https://::1]/",
      "https://[]/",
      "https://[]:443/",
      "https://[127.0.0.1]/",
      "https://[example.org]/",
      "https://[fe80::1%25eth0]/",
      "https://[fe80::1%eth0]/",
      "https://[::1]a/",
      "https://[::1]:/",
      "https://[::1]:0/",
      "https://[[::1]]/",
      "https://[::1]443/",
      "https://[v1.a]/",
      "https://a[::1]/",
      "https://example.org/%",
      "https://example.org/%2",
      "https://example.org/%zz",
      "https://example.org/%2?%4",
      "https://example.org/{a}",
      "https://example.org/a|b",
      "https://example.org/<a>",
      "https://example.org/\"a\"",
      "https://example.org/^",
      "https://example.org/`",
      "https://example.org/[a]",
      "https://example.org\"/",
      long_label,
      long_name,
  };
  for (const std::string_view text : refused) {
    CAPTURE(std::string(text));
    const Result<void> checked = check_webhook_url(text);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Errc::kInvalidArgument);
    CHECK_FALSE(checked.error().detail.empty());
  }
}

TEST_CASE("webhook url: of 1024 bytes it is read, of one more it is not, and what it says is not repeated") {
  const std::string begin = "https://example.org/";
  const std::string longest = begin + std::string(kWebhookUrlMax - begin.size(), 'x');
  CHECK(check_webhook_url(longest));
  const Result<void> checked = check_webhook_url(longest + 'x');
  REQUIRE_FALSE(checked);
  CHECK(checked.error().detail == "A webhook's URL has at most 1024 bytes");
  CHECK(check_webhook_url("https://user:word@example.org/").error().detail ==
        "A webhook's URL has no user name or password");
}

}  // namespace disposable
