#include "app/serve_options.h"

#include <map>

#include "app/backends.h"
#include "app/config_file.h"
#include "app/option_table.h"
#include "app/page_brand.h"
#include "app/webhook_options.h"
#include "http/creators.h"
#include "http/endpoint.h"
#include "http/webhooks.h"

namespace disposable {

namespace {

std::string listen_problem(const std::string& text) {
  const Result<Endpoint> endpoint = parse_endpoint(text);
  return endpoint ? std::string{} : text + ": " + endpoint.error().detail;
}

std::string proxy_problem(const std::string& text) {
  const Result<void> added = TrustedProxies().add(text);
  return added ? std::string{} : text + ": " + added.error().detail;
}

std::string creators_problem(const std::string& text) {
  const Result<void> added = CreatorRules().add(text);
  return added ? std::string{} : text + ": not open, not token, and " + added.error().detail;
}

constexpr const char* kFiles = "Files";
constexpr const char* kElsewhere = "Store and audit log elsewhere";
constexpr const char* kWhoMayCreate = "Who may create";

void add_backends(CLI::App& serve, Backends& backends) {
  add_store(serve, backends);
  add_audit_log(serve, backends);
  OptionTable table(serve, kElsewhere);
  table
      .text("--ledger", backends.ledger, "URL",
            "Hand out a secret only when a row in PostgreSQL says so, postgresql:// (none)")
      ->check(postgres_url_problem);
  add_accept_data_loss(serve, backends);
}

void add_listening(CLI::App& serve, ServeOptions& options) {
  OptionTable table(serve, "Listening");
  table
      .texts("--listen", options.listen, "ADDRESS",
             "HOST:PORT, [V6]:PORT, unix:/path, fd:NAME or systemd (127.0.0.1:8000); repeatable")
      ->default_str(kListenDefault)
      ->check(listen_problem);
  table.octal("--listen-mode", options.listen_mode, 0777, "Mode of Unix sockets, octal");
  table.text("--metrics-listen", options.metrics_listen, "ADDRESS", "A listener for /metrics alone (none)")
      ->check(listen_problem);
  table.text("--tls-cert", options.tls_certificate, "FILE", "Certificate chain, PEM; read again on SIGHUP (none)");
  table.text("--tls-key", options.tls_key, "FILE", "Private key of the certificate, PEM (none)");
  table
      .texts("--trusted-proxy", options.trusted_proxies, "CIDR",
             "Proxies whose X-Forwarded-For is believed (none); repeatable")
      ->check(proxy_problem);
}

void add_creators(CLI::App& serve, RawPaths& paths, ServeOptions& options) {
  OptionTable(serve, kWhoMayCreate)
      .texts("--creators", options.creators, "WHO", "Who may create: open, token or CIDR (open); repeatable")
      ->default_str("open")
      ->check(creators_problem);
  add_token_file(serve, paths);
  OptionTable(serve, kWhoMayCreate)
      .text("--webhooks", options.webhooks, "WHO", "Who may name a webhook: nobody, tokens or everybody (nobody)")
      ->default_str("nobody")
      ->check(CLI::IsMember(std::vector<std::string>(kWebhookRules.begin(), kWebhookRules.end())));
}

void add_connection_limits(CLI::App& serve, Limits& limits) {
  OptionTable table(serve, "Limits of connections");
  constexpr std::size_t kMany = 1'000'000;
  constexpr std::size_t kHeadersMost = 1000;
  table.count("--connections-max", limits.connections_max, std::size_t{8}, kMany, "Connections in all");
  table.count("--address-connections-max", limits.address_connections_max, std::size_t{1}, kMany,
              "Connections of one address");
  table.count("--handshakes-max", limits.handshakes_max, std::size_t{8}, kMany, "TLS handshakes under way");
  table.bytes("--buffer-bytes-max", limits.buffer_bytes_max, kMiB, kTiB, "Unfinished messages in all");
  table.bytes("--head-bytes-max", limits.head_bytes_max, kKiB, kMiB, "Request head");
  table.count("--headers-max", limits.header_fields_max, std::size_t{4}, kHeadersMost, "Header fields of a request");
  table.bytes("--target-bytes-max", limits.target_bytes_max, 64, 64 * kKiB, "Request target");
  table.seconds("--handshake-timeout", limits.handshake_max, "TLS handshake");
  table.seconds("--head-timeout", limits.head_max, "Request head");
  table.seconds("--body-timeout", limits.body_max, "Body, and what its size takes at --rate-min");
  table.seconds("--response-timeout", limits.response_max, "Response, and what its size takes at --rate-min");
  table.seconds("--idle-timeout", limits.idle_max, "Between two requests of a connection");
  table.bytes("--rate-min", limits.rate_min, 1, kGiB, "Slowest transfer, in a second");
}

void add_client_limits(CLI::App& serve, ServeOptions& options) {
  OptionTable table(serve, "Limits of what an address does, and of what is stored");
  Limits& limits = options.limits;
  table.rate("--creates", limits.creates, "Secrets created");
  table.rate("--retrieves", limits.retrieves, "Secrets retrieved");
  table.rate("--misses", limits.misses, "Unknown secrets asked for");
  table.rate("--wrong-passphrases", limits.wrong_passphrases, "Wrong passphrases");
  table.bytes("--address-bytes-per-day", limits.address_bytes_max, kKiB, kTiB, "Stored by one address in a day");
  table.bytes("--stored-bytes-max", limits.stored_bytes_max, kMiB, 1024 * kTiB, "Stored in all");
  table.bytes("--disk-reserve-bytes", limits.disk_reserve_bytes, kMiB, kTiB, "Left free on the disk");
  table.bytes("--secret-bytes-max", options.secret_bytes_max, 1, 16 * kMiB, "Longest secret in JSON, as UTF-8");
  table.bytes("--upload-bytes-max", options.upload_bytes_max, 1, 256 * kMiB, "Longest secret that is sent as bytes");
  constexpr std::int64_t kTenYears = 315'360'000;
  table.whole_seconds("--ttl-max", options.ttl_max, kTenYears, "Longest ttl_seconds");
}

void add_page(CLI::App& serve, PageOptions& page) {
  OptionTable table(serve, "The web page");
  table.text("--page-name", page.name, "TEXT", "Its name (" + page.name + ")")
      ->default_str(page.name)
      ->check(page_name_problem);
  table.text("--page-logo", page.logo, "FILE", "Its logo, SVG, PNG, JPEG or WebP, at most 256 KiB (none)");
  table.text("--page-colour", page.colour, "COLOUR", "Its accent colour, like #2f56c8 (none)")
      ->check(page_colour_problem);
  table.text("--page-footer", page.footer, "TEXT", "A text below it, for imprint and contact (none)")
      ->check(page_footer_problem);
}

void add_resources(CLI::App& serve, ServeOptions& options) {
  OptionTable table(serve, "The process");
  constexpr int kLoopsMost = 64;
  constexpr int kWorkersMost = 1024;
  table.count("--loops", options.loops, 0, kLoopsMost, "Threads that own connections, 0: half the processors");
  table.count("--workers", options.workers, 1, kWorkersMost, "Threads that work on complete requests");
  table.bytes("--cache-bytes", options.cache_bytes, kMiB, kTiB, "Memory of the entry cache");
  table
      .text("--log-level", options.log_level, "LEVEL",
            "error, warning, info, request or debug (request; info on a terminal)")
      ->check(CLI::IsMember({"error", "warning", "info", "request", "debug"}));
  table.flag("--no-sandbox", options.no_sandbox, "Without Landlock and seccomp");
}

// A line like "store redis://:password@host/?a=b" has a name too: what stands before its '='.
std::string no_option(const std::string& name) {
  const bool shown = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos;
  return shown ? "there is no option " + name : "this is not NAME=VALUE, with the name of an option";
}

}  // namespace

void add_paths(CLI::App& command, RawPaths& paths) {
  add_data_dir(command, paths);
  OptionTable(command, kFiles)
      .text("--key-file", paths.key_file, "FILE", "The keyring, kept apart (the data folder's name with .keyring)");
  add_config(command, paths);
}

void add_data_dir(CLI::App& command, RawPaths& paths) {
  OptionTable(command, kFiles)
      .text("--data-dir", paths.data_dir, "FOLDER", "Store and audit log (~/.local/share/disposable-secrets)");
}

void add_config(CLI::App& command, RawPaths& paths) {
  OptionTable(command, kFiles)
      .text("--config", paths.config, "FILE", "The configuration file, lines NAME=VALUE (none)");
}

void add_token_file(CLI::App& command, RawPaths& paths) {
  OptionTable(command, kWhoMayCreate)
      .text("--token-file", paths.token_file, "FILE",
            "The tokens of 'disposable-secrets token' (tokens in the data folder)");
}

void add_store(CLI::App& command, Backends& backends) {
  OptionTable(command, kElsewhere)
      .text("--store", backends.store, "URL",
            "The store, redis://, rediss://, redis+unix:// or redis+sentinel:// (in the data folder)")
      ->check([](const std::string& url) { return url == kStoreHere ? std::string{} : redis_url_problem(url); });
}

void add_audit_log(CLI::App& command, Backends& backends) {
  OptionTable(command, kElsewhere)
      .text("--audit", backends.audit, "URL", "The audit log, postgresql:// (in the data folder)")
      ->check([](const std::string& url) { return url == kAuditLogHere ? std::string{} : postgres_url_problem(url); });
}

void add_accept_data_loss(CLI::App& command, Backends& backends) {
  OptionTable(command, kElsewhere)
      .flag("--accept-data-loss", backends.accept_data_loss,
            "Start with servers whose settings can lose what was acknowledged");
}

void add_serve(CLI::App& serve, RawPaths& paths, ServeOptions& options) {
  constexpr std::size_t kHelpColumn = 35;
  serve.get_formatter()->column_width(kHelpColumn);
  serve.footer(
      "Every option can also be set by a variable, --data-dir by DISPOSABLE_SECRETS_DATA_DIR, and by a line of\n"
      "the configuration file, data-dir=FOLDER. The command line wins over the environment over the file.");
  add_paths(serve, paths);
  add_backends(serve, options.backends);
  add_listening(serve, options);
  add_creators(serve, paths, options);
  add_webhooks(serve, options);
  add_resources(serve, options);
  add_connection_limits(serve, options.limits);
  add_client_limits(serve, options);
  add_page(serve, options.page);
}

// CLI11's own configuration support is not used: it lets the file win over the environment, and reads "[::1]:80" as the
// begin of a list.
Result<void> apply_config(CLI::App& command, const std::string& file, Unknown unknown) {
  const Result<std::vector<ConfigLine>> lines = read_config_file(file);
  if (!lines) {
    return fail(lines.error());
  }
  const auto mistake = [&file](int line, const std::string& what) {
    return fail(Errc::kInvalidArgument,
                "the configuration file " + file + ", line " + std::to_string(line) + ": " + what);
  };
  std::map<CLI::Option*, int> set_here;  // in which line, the latest where there are several
  for (const ConfigLine& line : *lines) {
    CLI::Option* option = command.get_option_no_throw("--" + line.name);
    if (option == nullptr && unknown == Unknown::kOfServe) {
      continue;
    }
    if (option == nullptr || line.name == "config" || line.name == "help") {
      return mistake(line.number, no_option(line.name));
    }
    // Like an empty variable: the default configuration file has such lines where there is no default to be typed.
    if (line.value.empty()) {
      continue;
    }
    if (set_here.contains(option) && option->get_items_expected_max() <= 1) {
      return mistake(line.number, line.name + " is in line " + std::to_string(set_here[option]) + " already");
    }
    if (option->count() == 0 || set_here.contains(option)) {
      option->add_result(line.value);
      set_here[option] = line.number;
    }
  }
  for (const auto& [option, line] : set_here) {
    try {
      option->run_callback();
    } catch (const CLI::Error& error) {
      return mistake(line, error.what());
    }
  }
  return {};
}

Result<void> check_together(const ServeOptions& options) {
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return fail(Errc::kInvalidArgument, "--tls-cert and --tls-key are needed together");
  }
  return check_webhooks(options);
}

std::vector<std::string> differences(const ServeOptions& a, const ServeOptions& b) {
  const std::vector<std::pair<const char*, bool>> table = {
      {"--data-dir", a.paths.data_dir != b.paths.data_dir},
      {"--key-file", a.paths.key_file != b.paths.key_file},
      {"--token-file", a.paths.tokens() != b.paths.tokens()},
      {"--store", a.backends.store != b.backends.store},
      {"--audit", a.backends.audit != b.backends.audit},
      {"--ledger", a.backends.ledger != b.backends.ledger},
      {"--accept-data-loss", a.backends.accept_data_loss != b.backends.accept_data_loss},
      {"--listen", a.listen != b.listen},
      {"--listen-mode", a.listen_mode != b.listen_mode},
      {"--metrics-listen", a.metrics_listen != b.metrics_listen},
      {"--webhooks", a.webhooks != b.webhooks},
      {"--webhook-url", a.webhook_url != b.webhook_url},
      {"--webhook-key-file", a.webhook_key_file != b.webhook_key_file},
      {"--webhook-allow", a.webhook_allow != b.webhook_allow},
      {"--loops", a.loops != b.loops},
      {"--workers", a.workers != b.workers},
      {"--cache-bytes", a.cache_bytes != b.cache_bytes},
      {"--secret-bytes-max", a.secret_bytes_max != b.secret_bytes_max},
      {"--upload-bytes-max", a.upload_bytes_max != b.upload_bytes_max},
      {"--ttl-max", a.ttl_max != b.ttl_max},
      {"--page-name", a.page.name != b.page.name},
      {"--page-logo", a.page.logo != b.page.logo},
      {"--page-colour", a.page.colour != b.page.colour},
      {"--page-footer", a.page.footer != b.page.footer},
      {"--no-sandbox", a.no_sandbox != b.no_sandbox},
  };
  std::vector<std::string> names;
  for (const auto& [name, differs] : table) {
    if (differs) {
      names.emplace_back(name);
    }
  }
  return names;
}

}  // namespace disposable
