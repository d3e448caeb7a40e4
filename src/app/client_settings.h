// Which server the client uses, and with what: from options, the environment and the configuration file, in that order.

#pragma once

#include <filesystem>
#include <string>

#include "app/client_options.h"
#include "client/client_error.h"
#include "client/server_url.h"

namespace disposable {

// Lines NAME=VALUE: `server`, `token-file`, `ca-file`. A missing file is an empty one.
struct ClientConfiguration {
  std::string server;
  std::string token_file;
  std::string ca_file;
};

// $XDG_CONFIG_HOME/disposable-secrets/client.conf, or ~/.config/...; empty when neither is an absolute path.
std::filesystem::path client_configuration_path();
// kUsage: it is no regular file, or others may write it; a line is none, or a name is unknown.
Outcome<ClientConfiguration> read_client_configuration(const std::filesystem::path& path);

// Where secrets are created. kUsage: none is named, or it is no URL of a server.
Outcome<ServerUrl> chosen_server(const ConnectionOptions& options, const ClientConfiguration& configuration);
// DISPOSABLE_SECRETS_TOKEN, or what is in the token file, which is for the configured server alone; empty: none. kHere:
// the file cannot be read, or others can read it.
Outcome<std::string> chosen_token(const ServerUrl& server, const ClientConfiguration& configuration);

}  // namespace disposable
