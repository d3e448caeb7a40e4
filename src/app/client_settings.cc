#include "app/client_settings.h"

#include "app/config_file.h"
#include "app/environment.h"
#include "crypto/private_file.h"

namespace disposable {

namespace {

constexpr std::size_t kTokenMost = 4'096;

// "~" stands for the home folder, as in a shell.
std::string at_home(const std::string& path) {
  const std::string home = environment_variable("HOME");
  return path.starts_with("~/") && !home.empty() ? home + path.substr(1) : path;
}

bool is_configured(const ServerUrl& server, const ClientConfiguration& configuration) {
  const Result<ServerUrl> configured = parse_server_url(configuration.server);
  return configured && *configured == server;
}

}  // namespace

std::filesystem::path client_configuration_path() {
  // A relative one is none (XDG Base Directory Specification): whoever fills the current folder could choose the
  // server.
  const std::filesystem::path configured = environment_variable("XDG_CONFIG_HOME");
  const std::filesystem::path home = environment_variable("HOME");
  const std::filesystem::path folder = configured.is_absolute() ? configured : home / ".config";
  return folder.is_absolute() ? folder / "disposable-secrets" / "client.conf" : std::filesystem::path();
}

Outcome<ClientConfiguration> read_client_configuration(const std::filesystem::path& path) {
  ClientConfiguration configuration;
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (path.empty() || !std::filesystem::exists(status)) {
    return configuration;
  }
  constexpr std::filesystem::perms kOthersWrite =
      std::filesystem::perms::group_write | std::filesystem::perms::others_write;
  const bool regular = std::filesystem::is_regular_file(status);  // a pipe would be waited for
  if (!regular || (status.permissions() & kOthersWrite) != std::filesystem::perms::none) {
    return client_fail(
        ClientFailure::kUsage,
        "the configuration file " + path.string() + (regular ? " can be changed by others" : " is no regular file"),
        regular ? "it says where the token goes; run chmod go-w on it" : "");
  }
  const Result<std::vector<ConfigLine>> lines = read_config_file(path);
  if (!lines) {
    return client_fail(ClientFailure::kUsage, lines.error().detail);
  }
  for (const ConfigLine& line : *lines) {
    std::string* const value = line.name == "server"       ? &configuration.server
                               : line.name == "token-file" ? &configuration.token_file
                               : line.name == "ca-file"    ? &configuration.ca_file
                                                           : nullptr;
    if (value == nullptr) {
      return client_fail(
          ClientFailure::kUsage,
          "the configuration file " + path.string() + " has an unknown name in line " + std::to_string(line.number),
          "it may hold server, token-file and ca-file");
    }
    *value = line.value;
  }
  configuration.token_file = at_home(configuration.token_file);
  configuration.ca_file = at_home(configuration.ca_file);
  return configuration;
}

Outcome<ServerUrl> chosen_server(const ConnectionOptions& options, const ClientConfiguration& configuration) {
  const std::string& named = options.server.empty() ? configuration.server : options.server;
  if (named.empty()) {
    const std::filesystem::path path = client_configuration_path();
    return client_fail(ClientFailure::kUsage, "no server is named",
                       "--server URL, or DISPOSABLE_SECRETS_SERVER" +
                           (path.empty() ? std::string{} : ", or 'server = URL' in " + path.string()));
  }
  const Result<ServerUrl> server = parse_server_url(named);
  if (!server) {
    return client_fail(ClientFailure::kUsage, server.error().detail);
  }
  return *server;
}

Outcome<std::string> chosen_token(const ServerUrl& server, const ClientConfiguration& configuration) {
  std::string token = environment_variable("DISPOSABLE_SECRETS_TOKEN");
  if (token.empty() && !configuration.token_file.empty() && is_configured(server, configuration)) {
    const Result<SecretBytes> read = read_private_file(configuration.token_file, "the token file", kTokenMost);
    if (!read) {
      return client_fail(ClientFailure::kHere, read.error().detail);
    }
    token = as_text(read->expose());
  }
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = token.find_first_not_of(kSpace);
  token = first == std::string::npos ? std::string{} : token.substr(first, token.find_last_not_of(kSpace) - first + 1);
  constexpr std::string_view kToken = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
  if (token.find_first_not_of(kToken) != std::string::npos) {
    return client_fail(ClientFailure::kHere, "the token has characters that no token has");
  }
  return token;
}

}  // namespace disposable
