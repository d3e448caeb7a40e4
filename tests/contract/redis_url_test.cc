// Goal: every form of the URL is understood, every mistake is named, and no message holds the password.

#include "store/redis/redis_url.h"

#include <doctest/doctest.h>

#include "store/redis/redis_address.h"

namespace disposable {
namespace {

using Kind = RedisUrl::Kind;

RedisUrl parsed(std::string_view text) {
  CAPTURE(text);
  Result<RedisUrl> url = parse_redis_url(text);
  REQUIRE_MESSAGE(url.has_value(), url.error().detail);
  return std::move(*url);
}

std::string password(const RedisLogin& login) { return std::string(as_text(login.password.expose())); }

TEST_CASE("url: where it leads, as it is shown again") {
  struct Row {
    std::string_view text;
    std::string_view shown;
  };
  for (const Row& row : {
           Row{"redis://localhost", "redis://localhost:6379/0"},
           Row{"redis://localhost/", "redis://localhost:6379/0"},
           Row{"redis://user:secret@10.0.0.1:7000/3", "redis://10.0.0.1:7000/3"},
           Row{"redis://:p@ss@h/1", "redis://h:6379/1"},
           Row{"rediss://redis.example.com:6380?cacert=/etc/ca.pem", "rediss://redis.example.com:6380/0"},
           Row{"redis://[2001:db8::1]", "redis://[2001:db8::1]:6379/0"},
           Row{"redis://[::1]:7000/2", "redis://[::1]:7000/2"},
           Row{"redis+unix:///run/redis/redis.sock?db=4", "redis+unix:///run/redis/redis.sock?db=4"},
           Row{"unix:///run/a%20b.sock", "redis+unix:///run/a b.sock?db=0"},
           Row{"redis+sentinel://a,b:1000,[::1]/main", "redis+sentinel://a:26379,b:1000,[::1]:26379/main/0"},
           Row{"rediss+sentinel://u:p@a/main/5", "rediss+sentinel://a:26379/main/5"},
       }) {
    CHECK(to_text(parsed(row.text)) == row.shown);
  }
}

TEST_CASE("url: what else it says") {
  const RedisUrl plain = parsed("redis://localhost");
  CHECK(plain.prefix == "disposable");
  CHECK(plain.replicas == 0);
  CHECK(plain.timeout == std::chrono::seconds{2});
  CHECK(plain.connect_timeout == std::chrono::seconds{1});
  CHECK(plain.login.user.empty());
  CHECK(plain.login.password.empty());

  const RedisUrl full = parsed(
      "rediss+sentinel://us%65r:p%40ss%3A%2F%25@a/ma%2Fin?prefix=team.a-1_x:y&replicas=2&connect_timeout_ms=50&"
      "timeout_ms=60000&cacert=/ca&cert=/c&key=/k&servername=redis.example&sentinel_user=s&sentinel_password=t%26u");
  CHECK(full.login.user == "user");
  CHECK(password(full.login) == "p@ss:/%");
  CHECK(full.primary_name == "ma/in");
  CHECK(full.prefix == "team.a-1_x:y");
  CHECK(full.replicas == 2);
  CHECK(full.connect_timeout == std::chrono::milliseconds{50});
  CHECK(full.timeout == std::chrono::minutes{1});
  CHECK(full.tls);
  CHECK(full.ca_file + full.certificate_file + full.key_file + full.server_name == "/ca/c/kredis.example");
  CHECK(full.sentinel_login.user == "s");
  CHECK(password(full.sentinel_login) == "t&u");

  CHECK(password(parsed("redis://:only@h").login) == "only");
  CHECK(parsed("redis://h?user=u&password_file=/f").login.user == "u");
  CHECK(parsed("redis://u@h?password_file=/f").password_file == "/f");
}

TEST_CASE("url: a mistake is kInvalidArgument with one line that names it and keeps the password to itself") {
  struct Row {
    std::string_view text;
    std::string_view said;
  };
  for (const Row& row : {
           Row{"", "begins with"},
           Row{"localhost:6379", "begins with"},
           Row{"http://h", "begins with"},
           Row{"redis://", "a host is missing"},
           Row{"redis://u:hunter2@", "a host is missing"},
           Row{"redis://u:hunter2@:6379", "a host is missing"},
           Row{"redis://u:hunter2@h:0", "a port"},
           Row{"redis://h:65536", "a port"},
           Row{"redis://h:6379x", "a port"},
           Row{"redis://h:", "a port"},
           Row{"redis://2001:db8::1", "a v6 address stands in brackets"},
           Row{"redis://[::1", "not closed"},
           Row{"redis://[::1]6379", "not closed"},
           Row{"redis://a b", "a character that no host has"},
           Row{"redis://h/x", "the database"},
           Row{"redis://h/-1", "the database"},
           Row{"redis://h/1/2", "the database"},
           Row{"redis://u:hunter2%zz@h", "percent-encoded"},
           Row{"redis://u:hunter2%0a@h", "percent-encoded"},
           Row{"redis://u:hunter2%4@h", "percent-encoded"},
           Row{"redis://u:@h", "the password is empty"},
           Row{"redis://u@h", "a user without a password"},
           Row{"redis://h?user=u", "a user without a password"},
           Row{"redis://u:hunter2@h?password_file=/f", "exclude each other"},
           Row{"redis+unix://run/redis.sock", "absolute path"},
           Row{"redis+unix://", "absolute path"},
           Row{"redis+sentinel://h", "the name of the primary"},
           Row{"redis+sentinel:///main", "a host is missing"},
           Row{"redis://h?prefix=", "the prefix"},
           Row{"redis://h?prefix=a{b}", "the prefix"},
           Row{"redis://h?replicas=x", "replicas is a number"},
           Row{"redis://h?timeout_ms=0", "timeout_ms is a number"},
           Row{"redis://h?connect_timeout_ms=99999", "connect_timeout_ms is a number"},
           Row{"redis://h?db=1&db=1", "twice"},
           Row{"redis://h?password=hunter2", "an unknown option"},
           Row{"redis://h?cacert=/ca", "are for TLS"},
           Row{"redis://h?servername=x", "are for TLS"},
           Row{"rediss://h?cert=/c", "cert and key go together"},
           Row{"rediss://h?cacert=", "cacert is empty"},
           Row{"redis://h?sentinel_password=hunter2", "are for redis+sentinel://"},
       }) {
    CAPTURE(row.text);
    const Result<RedisUrl> url = parse_redis_url(row.text);
    REQUIRE_FALSE(url.has_value());
    CAPTURE(url.error().detail);
    CHECK(url.error().code == Errc::kInvalidArgument);
    CHECK(url.error().detail.find(row.said) != std::string::npos);
    CHECK(url.error().detail.find("hunter") == std::string::npos);
    CHECK(url.error().detail.find('\n') == std::string::npos);
  }
}

TEST_CASE("moved: where the Cluster says the keys are") {
  const RedisPlace here{{"10.0.0.1", 7000}, {}};
  CHECK(parse_moved("MOVED 3999 127.0.0.1:6381", here) == RedisPlace{{"127.0.0.1", 6381}, {}});
  CHECK(parse_moved("MOVED 3999 2001:db8::1:6381", here) == RedisPlace{{"2001:db8::1", 6381}, {}});
  CHECK(parse_moved("MOVED 3999 :6381", here) == RedisPlace{{"10.0.0.1", 6381}, {}});
  for (const std::string_view other : {"", "MOVED", "MOVED 1", "MOVED 1 host", "MOVED 1 host:x", "ERR 1 host:1"}) {
    CHECK_FALSE(parse_moved(other, here).has_value());
  }
}

}  // namespace
}  // namespace disposable
