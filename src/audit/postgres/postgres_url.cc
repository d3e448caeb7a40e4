#include "audit/postgres/postgres_url.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <memory>

namespace disposable {

namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

// service names a file of further settings; the other two are ours to say.
constexpr std::array<std::string_view, 3> kRefused{"service", "replication", "client_encoding"};
constexpr std::array<std::string_view, 6> kSslModes{"disable", "allow",     "prefer",
                                                    "require", "verify-ca", "verify-full"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
}

// Element `index` of a list with commas; a list of one is for all.
std::string element(std::string_view list, std::size_t index) {
  if (list.find(',') == std::string_view::npos) {
    return std::string(list);
  }
  for (; index > 0; --index) {
    const std::size_t comma = list.find(',');
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return std::string(list.substr(0, list.find(',')));
}

std::string host_setting(const PostgresUrl& url, std::string_view keyword, std::size_t host) {
  return element(url.setting(keyword).value_or(""), host);
}

bool is_on_this_machine(const std::string& host) {
  return host.empty() || host.front() == '/' || host.front() == '@' || host == "localhost" || host == "::1" ||
         host.starts_with("127.");
}

std::string shown_form(const PostgresUrl& url) {
  std::string text = "postgresql://";
  for (std::size_t host = 0; host < host_count(url); ++host) {
    const std::string name = host_setting(url, "host", host);
    const std::string port = host_setting(url, "port", host);
    text += (host == 0 ? "" : ",") + (name.empty() ? host_setting(url, "hostaddr", host) : name);
    text += port.empty() ? "" : ":" + port;
  }
  return text + "/" + url.setting("dbname").value_or("");
}

// A URL that libpq understands, and that says what it must.
Result<void> check_settings(const PostgresUrl& url) {
  for (const PostgresUrl::Setting& setting : url.settings) {
    if (contains(kRefused, setting.keyword)) {
      return fail(Errc::kInvalidArgument, "the PostgreSQL URL must not have '" + setting.keyword + "'");
    }
    if (has_control_character(setting.value)) {
      return fail(Errc::kInvalidArgument, "the PostgreSQL URL has a control character in its " + setting.keyword);
    }
  }
  // A socket's name begins with it.
  for (std::size_t host = 0; host < host_count(url); ++host) {
    if (host_setting(url, "host", host).find('@', 1) != std::string::npos) {
      return fail(Errc::kInvalidArgument, "the PostgreSQL URL has an @ in its host: in a password it is written %40");
    }
  }
  if (url.setting("user").value_or("").empty()) {
    return fail(Errc::kInvalidArgument, "the PostgreSQL URL names no user: postgresql://USER@host/database");
  }
  const std::optional<std::string> sslmode = url.setting("sslmode");
  if (sslmode && !contains(kSslModes, *sslmode)) {
    return fail(Errc::kInvalidArgument, "the PostgreSQL URL has an unknown sslmode; verify-full is the safe one");
  }
  return {};
}

// So that a dead server is noticed; seconds, and milliseconds for tcp_user_timeout. GSSAPI would look for tickets.
std::map<std::string, std::string> default_settings(const PostgresUrl& url, std::size_t host) {
  std::map<std::string, std::string> settings{
      {"application_name", "disposable-secrets"},
      {"client_encoding", "UTF8"},
      {"gssencmode", "disable"},
      {"keepalives", "1"},
      {"keepalives_count", "3"},
      {"keepalives_idle", "10"},
      {"keepalives_interval", "5"},
      {"tcp_user_timeout", "10000"},
  };
  const bool local =
      is_on_this_machine(host_setting(url, "host", host)) && is_on_this_machine(host_setting(url, "hostaddr", host));
  settings["sslmode"] = local ? "prefer" : url.default_sslmode;
  if (host_count(url) > 1) {
    settings["target_session_attrs"] = "read-write";  // of several, the one that is no standby
  }
  return settings;
}

// An empty value keeps libpq from looking at the environment. Given only where the environment says something, since
// some newer keywords have no empty value.
void shield_from_environment(std::map<std::string, std::string>& settings) {
  const Options defaults(PQconndefaults());
  for (const PQconninfoOption* option = defaults.get(); option != nullptr && option->keyword != nullptr; ++option) {
    const std::string keyword = option->keyword;
    const std::string compiled = option->compiled == nullptr ? "" : option->compiled;
    const std::string found = option->val == nullptr ? "" : option->val;
    if (option->envvar != nullptr && found != compiled && keyword != "service" && keyword != "passfile") {
      settings.emplace(keyword, compiled);
    }
  }
}

}  // namespace

std::optional<std::string> PostgresUrl::setting(std::string_view keyword) const {
  for (const Setting& setting : settings) {
    if (setting.keyword == keyword) {
      return setting.value;
    }
  }
  return std::nullopt;
}

Result<PostgresUrl> parse_postgres_url(std::string_view text) {
  // libpq's own message repeats what it cannot read, and with it the password.
  constexpr std::string_view kForm =
      "not a PostgreSQL URL like postgresql://user@host:5432/database?sslrootcert=FILE, or one with a keyword that "
      "libpq "
      "does not know";
  const bool scheme = text.starts_with("postgresql://") || text.starts_with("postgres://");
  if (!scheme || has_control_character(text)) {
    return fail(Errc::kInvalidArgument, std::string(kForm));
  }
  char* message = nullptr;
  const Options options(PQconninfoParse(std::string(text).c_str(), &message));
  PQfreemem(message);
  if (options == nullptr) {
    return fail(Errc::kInvalidArgument, std::string(kForm));
  }
  PostgresUrl url;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) {
      url.settings.push_back({option->keyword, option->val});
    }
  }
  const Result<void> checked = check_settings(url);
  if (!checked) {
    return fail(checked.error());
  }
  url.shown = shown_form(url);
  return url;
}

std::size_t host_count(const PostgresUrl& url) {
  const std::string hosts = url.setting("host").value_or("");
  const std::string addresses = url.setting("hostaddr").value_or("");
  return 1 + static_cast<std::size_t>(std::max(std::count(hosts.begin(), hosts.end(), ','),
                                               std::count(addresses.begin(), addresses.end(), ',')));
}

std::string connection_string(const PostgresUrl& url, std::size_t host) {
  std::map<std::string, std::string> settings = default_settings(url, host);
  for (const PostgresUrl::Setting& setting : url.settings) {
    const bool of_a_host = setting.keyword == "host" || setting.keyword == "hostaddr" || setting.keyword == "port";
    settings[setting.keyword] = of_a_host ? element(setting.value, host) : setting.value;
  }
  shield_from_environment(settings);
  std::string text;
  for (const auto& [keyword, value] : settings) {
    text += keyword + "='";
    for (const char c : value) {
      text.append(c == '\'' || c == '\\' ? 1 : 0, '\\').push_back(c);
    }
    text += "' ";
  }
  return text;
}

std::optional<std::chrono::milliseconds> connect_timeout(const PostgresUrl& url) {
  const std::string text = url.setting("connect_timeout").value_or("");
  int seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec != std::errc{} || seconds <= 0) {
    return std::nullopt;
  }
  return std::chrono::seconds(seconds);
}

}  // namespace disposable
