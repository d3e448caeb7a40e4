// RedisUrl: which Redis, how to reach it, and as whom; as an operator writes it.
//
//   redis://[user[:password]@]host[:6379][/db]          one server, plain TCP
//   rediss://...                                        the same over TLS
//   redis+unix:///path/of.sock[?db=N]  unix:///path     a Unix socket
//   redis+sentinel://h1[:26379],h2,.../name[/db]        the primary that these Sentinels know as `name`; the user and
//   rediss+sentinel://...                               password before the @ are those of the servers
//
// Behind a `?`, joined by `&`, each at most once:
//   prefix=disposable        of all keys; letters, digits and .-_:
//   replicas=0               how many replicas must have a change before it counts
//   user=, password_file=    so that no password need stand on a command line
//   sentinel_user=, sentinel_password=                  for the Sentinels themselves
//   connect_timeout_ms=1000, timeout_ms=2000            of one attempt
//   cacert=FILE              who may sign the server's certificate; without it those whom the system trusts
//   cert=FILE, key=FILE      a certificate of our own
//   servername=NAME          what the server's certificate must say; without it the host
//   db=N                     the same as /db
// User, password, path and values may be percent-encoded (RFC 3986, 2.1). v6 addresses stand in brackets.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/secret_bytes.h"

namespace disposable {

struct RedisHost {
  std::string name;  // or address, without brackets
  std::uint16_t port = 0;

  bool operator==(const RedisHost&) const = default;
};

struct RedisLogin {
  std::string user{};  // empty: the default user
  SecretBytes password{};
};

// A value; move-only for the passwords in it.
struct RedisUrl {
  enum class Kind : std::uint8_t { kTcp, kUnix, kSentinel };

  Kind kind = Kind::kTcp;
  std::vector<RedisHost> hosts{};  // kTcp: one; kSentinel: the Sentinels
  std::string socket_path{};       // kUnix
  std::string primary_name{};      // kSentinel
  int database = 0;
  RedisLogin login{};
  std::string password_file{};
  RedisLogin sentinel_login{};
  std::string prefix = "disposable";
  int replicas = 0;
  std::chrono::milliseconds connect_timeout{1000};
  std::chrono::milliseconds timeout{2000};

  bool tls = false;
  std::string ca_file{};
  std::string certificate_file{};
  std::string key_file{};
  std::string server_name{};
};

// Touches no file and no network. kInvalidArgument with one line for the operator that holds neither password nor user.
Result<RedisUrl> parse_redis_url(std::string_view text);

// Takes the password from `password_file`, if there is one; a newline at its end does not count. Errors as of
// crypto/private_file.h.
Result<void> read_redis_password(RedisUrl& url);

// For logs and messages: scheme, hosts or path, and database. No user, no password, no options.
std::string to_text(const RedisUrl& url);

}  // namespace disposable
