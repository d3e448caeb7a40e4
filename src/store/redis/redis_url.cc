#include "store/redis/redis_url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace disposable {

namespace {

constexpr std::uint16_t kRedisPort = 6379;
constexpr std::uint16_t kSentinelPort = 26379;
constexpr int kDatabaseMax = 1'000'000;

tl::unexpected<Error> wrong(const std::string& what) { return fail(Errc::kInvalidArgument, "the Redis URL: " + what); }

struct Scheme {
  std::string_view text;
  RedisUrl::Kind kind;
  bool tls;
};
constexpr std::array kSchemes{
    Scheme{"redis://", RedisUrl::Kind::kTcp, false},
    Scheme{"rediss://", RedisUrl::Kind::kTcp, true},
    Scheme{"redis+unix://", RedisUrl::Kind::kUnix, false},
    Scheme{"unix://", RedisUrl::Kind::kUnix, false},
    Scheme{"redis+sentinel://", RedisUrl::Kind::kSentinel, false},
    Scheme{"rediss+sentinel://", RedisUrl::Kind::kSentinel, true},
};

// Takes what is before `separator` off the front of `text`; all of it when there is none.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

template <class T>
std::optional<T> number(std::string_view text, T min, T max) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && min <= value && value <= max ? std::optional(value)
                                                                                                  : std::nullopt;
}

// Nothing for a `%` without two hexadecimal digits, and for control characters: neither names nor passwords have any.
std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char character = text[i];
    if (character == '%') {
      const Result<Bytes> byte = from_hex(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) {
        return std::nullopt;
      }
      character = static_cast<char>(byte->front());
      i += 2;
    }
    if (static_cast<unsigned char>(character) < ' ') {
      return std::nullopt;
    }
    decoded.push_back(character);
  }
  return decoded;
}

Result<void> take_text(std::string_view text, std::string_view what, std::string& out) {
  const std::optional<std::string> decoded = decode(text);
  if (!decoded || decoded->empty()) {
    return wrong(std::string(what) + (decoded ? " is empty" : " is not percent-encoded rightly"));
  }
  out = *decoded;
  return {};
}

Result<void> take_secret(std::string_view text, SecretBytes& out) {
  std::string decoded;
  Result<void> taken = take_text(text, "the password", decoded);
  out = SecretBytes::copy_of(as_bytes(decoded));
  wipe({reinterpret_cast<std::uint8_t*>(decoded.data()), decoded.size()});
  return taken;
}

Result<void> take_login(std::string_view text, RedisLogin& login) {
  std::string_view password = text;
  const std::string_view user = take_until(password, ':');
  if (!user.empty()) {
    Result<void> taken = take_text(user, "the user", login.user);
    if (!taken) {
      return taken;
    }
  }
  return user.size() == text.size() ? Result<void>{} : take_secret(password, login.password);
}

Result<RedisHost> parse_host(std::string_view text, std::uint16_t default_port) {
  RedisHost host{{}, default_port};
  if (text.starts_with('[')) {
    text.remove_prefix(1);
    const std::size_t before = text.size();
    host.name = take_until(text, ']');
    if (host.name.size() == before || (!text.empty() && !text.starts_with(':'))) {
      return wrong("a v6 address is not closed by ]");
    }
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    host.name = text.substr(0, colon);
    text.remove_prefix(colon);
  }
  const auto plain = [](char c) {
    return c > ' ' && c < '\x7f' && std::string_view("/?#@[]%").find(c) == std::string_view::npos;
  };
  if (host.name.empty() || !std::all_of(host.name.begin(), host.name.end(), plain)) {
    return wrong(host.name.empty() ? "a host is missing" : "a host has a character that no host has");
  }
  if (!text.empty()) {
    const auto port = number<std::uint16_t>(text.substr(1), 1, 65535);
    if (!port) {
      return wrong("a port is not a number from 1 to 65535; a v6 address stands in brackets");
    }
    host.port = *port;
  }
  return host;
}

Result<void> take_database(std::string_view text, RedisUrl& url) {
  const std::optional<int> database = number(text, 0, kDatabaseMax);
  if (!database) {
    return wrong("the database is not a number");
  }
  url.database = *database;
  return {};
}

// What stands between the scheme and the `?`.
Result<void> take_place(std::string_view text, RedisUrl& url) {
  if (const std::size_t at = text.rfind('@'); at != text.npos && url.kind != RedisUrl::Kind::kUnix) {
    Result<void> login = take_login(text.substr(0, at), url.login);
    if (!login) {
      return login;
    }
    text.remove_prefix(at + 1);
  }
  if (url.kind == RedisUrl::Kind::kUnix) {
    return text.starts_with('/')
               ? take_text(text, "the path", url.socket_path)
               : Result<void>(wrong("a Unix socket has an absolute path: redis+unix:///run/redis.sock"));
  }
  const bool sentinel = url.kind == RedisUrl::Kind::kSentinel;
  std::string_view hosts = take_until(text, '/');
  do {
    const Result<RedisHost> host =
        parse_host(sentinel ? take_until(hosts, ',') : std::exchange(hosts, {}), sentinel ? kSentinelPort : kRedisPort);
    if (!host) {
      return fail(host.error());
    }
    url.hosts.push_back(*host);
  } while (!hosts.empty());
  if (sentinel) {
    Result<void> name =
        take_text(take_until(text, '/'), "the name of the primary behind the Sentinels", url.primary_name);
    if (!name) {
      return name;
    }
  }
  return text.empty() ? Result<void>{} : take_database(text, url);
}

Result<void> take_prefix(std::string_view text, RedisUrl& url) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:").find(c) != std::string_view::npos;
  };
  if (text.empty() || text.size() > 64 || !std::all_of(text.begin(), text.end(), plain)) {
    return wrong("the prefix is made of 1 to 64 letters, digits and .-_:");
  }
  url.prefix = text;
  return {};
}

Result<void> take_timeout(std::string_view text, std::string_view name, std::chrono::milliseconds& out) {
  const std::optional<int> timeout = number(text, 10, 60'000);
  if (!timeout) {
    return wrong(std::string(name) + " is a number of milliseconds from 10 to 60000");
  }
  out = std::chrono::milliseconds{*timeout};
  return {};
}

struct TextOption {
  std::string_view name;
  std::string& (*field)(RedisUrl& url);
};
constexpr std::array kTextOptions{
    TextOption{"user", [](RedisUrl& url) -> std::string& { return url.login.user; }},
    TextOption{"password_file", [](RedisUrl& url) -> std::string& { return url.password_file; }},
    TextOption{"sentinel_user", [](RedisUrl& url) -> std::string& { return url.sentinel_login.user; }},
    TextOption{"cacert", [](RedisUrl& url) -> std::string& { return url.ca_file; }},
    TextOption{"cert", [](RedisUrl& url) -> std::string& { return url.certificate_file; }},
    TextOption{"key", [](RedisUrl& url) -> std::string& { return url.key_file; }},
    TextOption{"servername", [](RedisUrl& url) -> std::string& { return url.server_name; }},
};

Result<void> take_option(std::string_view name, std::string_view value, RedisUrl& url) {
  if (const auto* const option = std::find_if(kTextOptions.begin(), kTextOptions.end(),
                                              [name](const TextOption& known) { return known.name == name; });
      option != kTextOptions.end()) {
    return take_text(value, name, option->field(url));
  }
  if (name == "prefix") {
    return take_prefix(value, url);
  }
  if (name == "db") {
    return take_database(value, url);
  }
  if (name == "sentinel_password") {
    return take_secret(value, url.sentinel_login.password);
  }
  if (name == "connect_timeout_ms") {
    return take_timeout(value, name, url.connect_timeout);
  }
  if (name == "timeout_ms") {
    return take_timeout(value, name, url.timeout);
  }
  if (name == "replicas") {
    const std::optional<int> replicas = number(value, 0, 100);
    url.replicas = replicas.value_or(0);
    return replicas ? Result<void>{} : Result<void>(wrong("replicas is a number from 0 to 100"));
  }
  return wrong(
      "an unknown option; there are prefix, replicas, db, user, password_file, sentinel_user, "
      "sentinel_password, connect_timeout_ms, timeout_ms, cacert, cert, key and servername");
}

Result<void> take_options(std::string_view text, RedisUrl& url) {
  std::vector<std::string_view> seen;
  while (!text.empty()) {
    std::string_view value = take_until(text, '&');
    const std::string_view name = take_until(value, '=');
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      return wrong("an option stands there twice");
    }
    seen.push_back(name);
    Result<void> taken = take_option(name, value, url);
    if (!taken) {
      return taken;
    }
  }
  return {};
}

Result<void> check_whole(const RedisUrl& url) {
  const bool certificates = !url.ca_file.empty() || !url.certificate_file.empty() || !url.server_name.empty();
  if (!url.tls && (certificates || !url.key_file.empty())) {
    return wrong("cacert, cert, key and servername are for TLS: rediss:// or rediss+sentinel://");
  }
  if (url.certificate_file.empty() != url.key_file.empty()) {
    return wrong("cert and key go together");
  }
  const bool sentinel_login = !url.sentinel_login.user.empty() || !url.sentinel_login.password.empty();
  if (url.kind != RedisUrl::Kind::kSentinel && sentinel_login) {
    return wrong("sentinel_user and sentinel_password are for redis+sentinel://");
  }
  if (!url.password_file.empty() && !url.login.password.empty()) {
    return wrong("a password and a password_file exclude each other");
  }
  if (!url.login.user.empty() && url.login.password.empty() && url.password_file.empty()) {
    return wrong("a user without a password; name a password_file");
  }
  return {};
}

}  // namespace

Result<RedisUrl> parse_redis_url(std::string_view text) {
  const auto* const scheme = std::find_if(kSchemes.begin(), kSchemes.end(),
                                          [text](const Scheme& known) { return text.starts_with(known.text); });
  if (scheme == kSchemes.end()) {
    return wrong("it begins with redis://, rediss://, redis+unix://, redis+sentinel:// or rediss+sentinel://");
  }
  RedisUrl url;
  url.kind = scheme->kind;
  url.tls = scheme->tls;
  text.remove_prefix(scheme->text.size());
  Result<void> done = take_place(take_until(text, '?'), url);
  if (done) {
    done = take_options(text, url);
  }
  if (done) {
    done = check_whole(url);
  }
  if (!done) {
    return fail(done.error());
  }
  return url;
}

}  // namespace disposable
