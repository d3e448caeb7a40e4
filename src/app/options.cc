#include "app/options.h"

#include "app/command_line.h"

namespace disposable {

namespace {

// CLI11 repeats what it cannot take, which may be a URL with its password in a place where none belongs. What such a
// URL ends with cannot be told, so all that follows goes, too.
std::string without_passwords(const std::string& message) {
  const std::size_t scheme = message.find("://");
  if (scheme == std::string::npos) {
    return message;
  }
  const std::size_t behind = scheme + std::string_view("://").size();
  const std::size_t colon = message.find(':', behind);
  const bool secret = (colon != std::string::npos && message.find('@', colon) != std::string::npos) ||
                      message.find("password=", behind) != std::string::npos;
  return secret ? message.substr(0, behind) + "..." : message;
}

// What is wrong with the arguments: one line.
struct Mistake {
  explicit Mistake(const std::string& text) : message(without_passwords(text)) {}
  std::string message;
};

std::vector<CLI::App*> commands_of(CLI::App& above) {
  return above.get_subcommands([](const CLI::App*) { return true; });
}

// The command whose help has the options that were meant: empty, or with a space behind it.
std::string help_for(CLI::App& app, int argc, const char* const* argv) {
  const std::string named = argc > 1 ? argv[1] : "";
  for (const CLI::App* command : commands_of(app)) {
    if (command->get_name() == named) {
      return named + " ";
    }
  }
  return {};
}

std::string names_of(const std::vector<CLI::App*>& commands) {
  std::string names;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    names += (i == 0 ? "" : i + 1 == commands.size() ? " or " : ", ") + commands[i]->get_name();
  }
  return names;
}

std::variant<Command, Exit, Mistake> parse(CommandLine& line, int argc, const char* const* argv) {
  CLI::App& app = line.app();
  try {
    app.parse(argc, argv);
    const Result<void> applied = line.apply_config();
    if (!applied) {
      return Mistake{applied.error().detail};
    }
  } catch (const CLI::CallForHelp&) {
    const CLI::App* shown = &app;
    std::string name = app.get_name();
    for (std::vector<CLI::App*> next = app.get_subcommands(); !next.empty(); next = shown->get_subcommands()) {
      shown = next.front();
      name += " " + shown->get_name();
    }
    return Exit{0, shown->get_formatter()->make_help(shown, name, CLI::AppFormatMode::Normal)};
  } catch (const CLI::RequiredError& error) {
    CLI::App* above = app.get_subcommands().empty() ? &app : app.get_subcommands().front();
    const std::vector<CLI::App*> commands = commands_of(*above);
    if (commands.empty() || !above->get_subcommands().empty()) {
      return Mistake{error.what()};
    }
    const int named_at = above == &app ? 1 : 2;
    const bool named = argc > named_at && argv[named_at][0] != '-';
    return Mistake{named ? "unknown command: " + std::string(argv[named_at])
                         : "a command is required: " + names_of(commands)};
  } catch (const CLI::Error& error) {
    return Mistake{error.what()};
  }
  return line.command();
}

}  // namespace

LogLevel log_level(const ServeOptions& options, Log::Format format) {
  constexpr std::pair<std::string_view, LogLevel> kLevels[] = {{"error", LogLevel::kError},
                                                               {"warning", LogLevel::kWarning},
                                                               {"info", LogLevel::kInfo},
                                                               {"request", LogLevel::kRequest},
                                                               {"debug", LogLevel::kDebug}};
  for (const auto& [name, level] : kLevels) {
    if (name == options.log_level) {
      return level;
    }
  }
  return Log::default_level(format);
}

bool calls_webhooks(const ServeOptions& options) {
  return !options.webhook_url.empty() || options.webhooks != "nobody";
}

std::variant<Command, Exit> parse_options(int argc, const char* const* argv) {
  CommandLine line;
  std::variant<Command, Exit, Mistake> parsed = parse(line, argc, argv);
  if (const Mistake* mistake = std::get_if<Mistake>(&parsed)) {
    return Exit{2, "disposable-secrets: error: " + mistake->message + "\nhint: try 'disposable-secrets " +
                       help_for(line.app(), argc, argv) + "--help'\n"};
  }
  if (Exit* exit = std::get_if<Exit>(&parsed)) {
    return std::move(*exit);
  }
  return std::get<Command>(std::move(parsed));
}

Result<ReloadedOptions> reload_options(int argc, const char* const* argv, const ServeOptions& running) {
  CommandLine line;
  std::variant<Command, Exit, Mistake> parsed = parse(line, argc, argv);
  if (const Mistake* mistake = std::get_if<Mistake>(&parsed)) {
    return fail(Errc::kInvalidArgument, mistake->message);
  }
  const Command* command = std::get_if<Command>(&parsed);
  const ServeOptions* fresh = command == nullptr ? nullptr : std::get_if<ServeOptions>(command);
  check(fresh != nullptr, "the arguments that started the service are those of serve");
  ReloadedOptions reloaded{running, differences(*fresh, running)};
  reloaded.options.limits = fresh->limits;
  reloaded.options.log_level = fresh->log_level;
  reloaded.options.trusted_proxies = fresh->trusted_proxies;
  reloaded.options.creators = fresh->creators;
  reloaded.options.tls_certificate = fresh->tls_certificate;
  reloaded.options.tls_key = fresh->tls_key;
  return reloaded;
}

}  // namespace disposable
