// The settings that the original specification knows: REDIS_HOST, REDIS_PORT, REDIS_PASSWORD, POSTGRES_HOST,
// POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER and POSTGRES_PASSWORD, from the environment or the file .env in the working
// directory. The environment wins; options of our own win over both.

#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "app/options.h"

namespace disposable {

// What the variables come down to; an empty URL where a host is not named.
struct SpecificationSettings {
  std::string store;
  std::string audit;
};

// Of `dot_env` only lines NAME=VALUE of these names count, with or without `export` before them: such a file may well
// be another program's, with whatever else in it. `environment` gives a variable, or an empty text. The host alone
// decides whether a server is meant; the PostgreSQL server's certificate is checked only as libpq does by itself, since
// the specification has no name for more. kInvalidArgument with a sentence: a variable is missing or .env cannot be
// read.
Result<SpecificationSettings> specification_settings(const std::function<std::string(const char*)>& environment,
                                                     const std::filesystem::path& dot_env);

// A sentence for each server that the environment names and this executable cannot use: who comes from the original
// specification would take it for used.
std::vector<std::string> unusable_servers(const std::function<std::string(const char*)>& environment);

// kInvalidArgument with a sentence: the data folder holds what a server named by a variable would hide. A store that
// was moved away is none. Reads the store, which starts threads: signals that are waited for must be blocked before.
Result<void> check_nothing_hidden(const Paths& paths, const Backends& backends);

}  // namespace disposable
