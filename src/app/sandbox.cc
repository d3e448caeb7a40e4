#include "app/sandbox.h"

#include <sys/mman.h>

#include <charconv>

#include "app/backends.h"
#include "app/environment.h"
#include "app/system_calls.h"

namespace disposable {

namespace {

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

// certbot's /etc/letsencrypt/live/NAME/cert.pem is a link to ../../archive/NAME/cert1.pem, and later to cert2.pem.
void add_readable(const std::string& file, const std::filesystem::path& credentials, LandlockRules& rules) {
  if (file.empty()) {
    return;
  }
  if (folder_of(file) == credentials) {
    rules.readable.push_back(file);
    return;
  }
  rules.readable.push_back(folder_of(file));
  std::error_code error;
  const std::filesystem::path target = std::filesystem::canonical(file, error);
  if (!error) {
    rules.readable.push_back(target.parent_path());
  }
}

void add_listener(std::string_view address, LandlockRules& rules) {
  if (const std::size_t scheme = address.find("://"); scheme != std::string_view::npos) {
    address.remove_prefix(scheme + 3);
  }
  constexpr std::string_view kUnix = "unix:";
  if (address.starts_with(kUnix)) {
    rules.sockets.push_back(folder_of(address.substr(kUnix.size())));
  } else if (!address.starts_with("fd:") && address != "systemd" && !address.empty()) {
    const std::string_view digits = address.substr(address.rfind(':') + 1);
    std::uint16_t port = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    rules.ports.push_back(port);
  }
}

bool calls_out(const ServeOptions& options) {
  return backend_needs(options.backends).calls_out || calls_webhooks(options);
}

// A port need not be known beforehand: Sentinel and Cluster name others, and so do the URLs of webhooks. What finding
// an address and checking a certificate reads is named one by one, since /etc may hold the keyring. Where resolv.conf
// is a link, whoever keeps it replaces what it leads to.
void add_calling(LandlockRules& rules) {
  rules.connects = true;
  for (const char* path : {"/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/ssl", "/etc/pki/tls/certs",
                           "/etc/pki/ca-trust/extracted", "/run/systemd/resolve"}) {
    rules.readable.emplace_back(path);
  }
  std::error_code error;
  const std::filesystem::path resolv = std::filesystem::canonical("/etc/resolv.conf", error);
  // With its folder, where it is replaced by another, unless that is one with everything, such as /run.
  const bool own_folder = std::distance(resolv.begin(), resolv.end()) > 3;
  if (!error && resolv.parent_path() != "/etc") {
    rules.readable.push_back(own_folder ? resolv.parent_path() : resolv);
  }
}

// What getaddrinfo(3) loads and reads beside that.
void add_backends(const BackendNeeds& needs, const std::filesystem::path& credentials, LandlockRules& rules) {
  if (!needs.calls_out) {
    return;
  }
  for (const char* path : {"/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/passwd", "/etc/ld.so.cache",
                           "/lib", "/usr/lib", ".env"}) {
    rules.readable.emplace_back(path);
  }
  for (const std::filesystem::path& file : needs.files.certificates) {
    add_readable(file, credentials, rules);
  }
  for (const std::filesystem::path& file : needs.files.passwords) {
    rules.readable.push_back(file);
  }
}

bool memory_can_be_locked() {
  const char byte = 0;
  return ::mlock(&byte, 1) == 0 && ::munlock(&byte, 1) == 0;
}

}  // namespace

LandlockRules landlock_rules(const ServeOptions& options, const ManagerPaths& manager) {
  LandlockRules rules;
  rules.writable.push_back(options.paths.data_dir);
  rules.readable = {"/dev/urandom", "/proc/sys/kernel/random"};  // RocksDB and libstdc++
  for (const std::string& file :
       {options.config, options.tls_certificate, options.tls_key, options.paths.token_file.string()}) {
    add_readable(file, manager.credentials, rules);
  }
  for (const std::string& address : options.listen) {
    add_listener(address, rules);
  }
  if (options.listen.empty()) {
    add_listener(kListenDefault, rules);
  }
  add_listener(options.metrics_listen, rules);
  if (calls_out(options)) {
    add_calling(rules);
  }
  add_backends(backend_needs(options.backends), manager.credentials, rules);
  rules.abstract_sockets = manager.notify_socket.starts_with('@');  // sd_notify(3)
  return rules;
}

Result<void> confine_files(const ServeOptions& options) {
  if (options.no_sandbox) {
    return {};
  }
  return apply_landlock(
      landlock_rules(options, {environment_variable("NOTIFY_SOCKET"), environment_variable("CREDENTIALS_DIRECTORY")}));
}

Result<void> confine_system_calls(const ServeOptions& options) {
  return options.no_sandbox ? Result<void>{}
                            : apply_system_call_filter(calls_out(options) ? Connects::kToServers : Connects::kToNobody);
}

SandboxState sandbox_state(const ServeOptions& options) {
  const char* memory_lock = memory_can_be_locked() ? "on" : "refused";
  if (options.no_sandbox) {
    return {"off", "off", memory_lock};
  }
  const int version = landlock_version();
  return {version == 0 ? "unsupported" : "abi " + std::to_string(version),
          system_call_filter_supported() ? "on" : "unsupported", memory_lock};
}

}  // namespace disposable
