#include "app/specification_environment.h"

#include <fstream>
#include <map>

#include "app/backends.h"
#include "app/config_file.h"
#include "base/bytes.h"
#include "store/rocksdb/store_copy.h"

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

using Variables = std::map<std::string, std::string>;

Result<Variables> read_dot_env(const std::filesystem::path& path) {
  constexpr std::string_view kExport = "export ";
  Variables variables;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return variables;
  }
  std::ifstream file(path);
  std::string text;
  while (std::getline(file, text)) {
    std::optional<ConfigLine> line = parse_config_line(text);
    if (!line) {
      continue;
    }
    if (line->name.starts_with(kExport)) {
      line->name.erase(0, line->name.find_first_not_of(' ', kExport.size()));
    }
    if (line->name.starts_with("REDIS_") || line->name.starts_with("POSTGRES_")) {
      variables[line->name] = line->value;
    }
  }
  return file.eof() ? Result<Variables>(std::move(variables))
                    : fail(Errc::kInvalidArgument, "the file .env in the working directory cannot be read");
}

bool holds_store(const Paths& paths) {
  std::error_code error;
  if (!std::filesystem::exists(paths.store() / "CURRENT", error)) {
    return false;
  }
  const Result<StoreHead> head = read_store_head(paths.store());
  return head ? head->identity.format != kMovingFormat : head.error().code != Errc::kNotFound;
}

}  // namespace

Result<SpecificationSettings> specification_settings(const std::function<std::string(const char*)>& environment,
                                                     const std::filesystem::path& dot_env) {
  Result<Variables> file = read_dot_env(dot_env);
  if (!file) {
    return fail(file.error());
  }
  const Lookup variable = [&](const std::string& name) {
    std::string value = environment(name.c_str());
    return value.empty() ? (*file)[name] : value;
  };
  const Result<std::string> audit = postgres_url(variable);
  if (!audit) {
    return fail(audit.error());
  }
  return SpecificationSettings{redis_url(variable), *audit};
}

std::vector<std::string> unusable_servers(const std::function<std::string(const char*)>& environment) {
  std::vector<std::string> sentences;
  if (!redis_built_in() && !environment("REDIS_HOST").empty()) {
    sentences.emplace_back(
        "REDIS_HOST is set, and this executable has no Redis in it: the data folder keeps the secrets");
  }
  if (!postgres_built_in() && !environment("POSTGRES_HOST").empty()) {
    sentences.emplace_back(
        "POSTGRES_HOST is set, and this executable has no PostgreSQL in it: the data folder keeps the audit log");
  }
  return sentences;
}

Result<void> check_nothing_hidden(const Paths& paths, const Backends& backends) {
  const std::string folder = "but the data folder " + paths.data_dir.string() + " holds ";
  if (backends.store_by_variable && holds_store(paths)) {
    return fail(Errc::kInvalidArgument,
                "REDIS_HOST is set, " + folder +
                    "a store: move it with 'migrate', name it with --store rocksdb:, or unset REDIS_HOST");
  }
  std::error_code error;
  if (backends.audit_by_variable && std::filesystem::exists(paths.audit_log(), error)) {
    return fail(Errc::kInvalidArgument,
                "POSTGRES_HOST is set, " + folder +
                    "an audit log: move it with 'migrate', name it with --audit sqlite:, or unset POSTGRES_HOST");
  }
  return {};
}

}  // namespace disposable
