#include "app/specification_environment.h"

#include <map>

#include "app/config_file.h"
#include "base/bytes.h"

namespace disposable {

namespace {

using Lookup = std::function<std::string(const std::string&)>;

// RFC 3986, 2.1: everything but unreserved characters.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += "%" + to_hex(as_bytes({&c, 1}));
    }
  }
  return encoded;
}

std::string authority(const std::string& user, const std::string& password, const std::string& host,
                      const std::string& port) {
  const std::string login =
      user.empty() && password.empty()
          ? std::string{}
          : percent_encoded(user) + (password.empty() ? std::string{} : ":" + percent_encoded(password)) + "@";
  const bool address = host.find(':') != std::string::npos && !host.starts_with('[');
  return login + (address ? "[" + host + "]" : host) + (port.empty() ? std::string{} : ":" + port);
}

std::string redis_url(const Lookup& variable) {
  const std::string host = variable("REDIS_HOST");
  return host.empty() ? std::string{}
                      : "redis://" + authority({}, variable("REDIS_PASSWORD"), host, variable("REDIS_PORT"));
}

Result<std::string> postgres_url(const Lookup& variable) {
  const std::string host = variable("POSTGRES_HOST");
  if (host.empty()) {
    return std::string{};
  }
  for (const char* needed : {"POSTGRES_DB", "POSTGRES_USER"}) {
    if (variable(needed).empty()) {
      return fail(Errc::kInvalidArgument, std::string("POSTGRES_HOST is set and ") + needed + " is not");
    }
  }
  return "postgresql://" +
         authority(variable("POSTGRES_USER"), variable("POSTGRES_PASSWORD"), host, variable("POSTGRES_PORT")) + "/" +
         percent_encoded(variable("POSTGRES_DB")) + "?sslmode=prefer";
}

}  // namespace

Result<SpecificationSettings> specification_settings(const std::function<std::string(const char*)>& environment,
                                                     const std::filesystem::path& dot_env) {
  std::map<std::string, std::string> file;
  std::error_code error;
  if (std::filesystem::is_regular_file(dot_env, error)) {
    const Result<std::vector<ConfigLine>> lines = read_config_file(dot_env);
    if (!lines) {
      return fail(lines.error());
    }
    for (const ConfigLine& line : *lines) {
      file[line.name] = line.value;
    }
  }
  const Lookup variable = [&](const std::string& name) {
    std::string value = environment(name.c_str());
    return value.empty() ? file[name] : value;
  };
  const Result<std::string> audit = postgres_url(variable);
  if (!audit) {
    return fail(audit.error());
  }
  return SpecificationSettings{redis_url(variable), *audit};
}

}  // namespace disposable
