#include "app/client_command_line.h"

#include <charconv>

#include "core/webhook_url.h"

namespace disposable {

namespace {

constexpr const char* kJsonHelp = "One JSON object, for scripts";
constexpr const char* kLinkFooter =
    "Without LINK, or with -, the link is asked for on a terminal or read from standard input: other users of this\n"
    "machine can see arguments, and shells keep them.";
constexpr std::int64_t kSecondsOfMinute = 60;
constexpr std::int64_t kSecondsOfHour = 3'600;
constexpr std::int64_t kSecondsOfDay = 86'400;

void add_connection(CLI::App& command, ConnectionOptions& options, bool chooses_server) {
  if (chooses_server) {
    command.add_option("--server", options.server, "The server, https://HOST (that of the configuration file)")
        ->option_text("URL")
        ->envname("DISPOSABLE_SECRETS_SERVER");
  }
  command.add_option("--ca-file", options.ca_file, "Certificates to trust, PEM (those that this system trusts)")
      ->option_text("FILE")
      ->envname("DISPOSABLE_SECRETS_CA_FILE");
  command
      .add_option_function<std::int64_t>(
          "--patience", [&options](const std::int64_t& typed) { options.patience = std::chrono::seconds(typed); },
          "How long to try again when an answer is lost (60)")
      ->option_text("SECONDS")
      ->check(CLI::Range(std::int64_t{0}, kSecondsOfHour))
      ->default_str("60");
  command.add_flag("--json", options.json, kJsonHelp);
}

void add_link(CLI::App& command, std::string& link) {
  command.add_option("link", link, "The link; - or nothing: from standard input, or asked for")->option_text("LINK");
  command.footer(kLinkFooter);
}

void add_passphrase_file(CLI::App& command, PassphraseOptions& options) {
  command.add_option("--passphrase-file", options.file, "A file with the passphrase (asked for when one is needed)")
      ->option_text("FILE");
}

void add_ttl(CLI::App& command, std::optional<std::chrono::seconds>& ttl) {
  const auto set = [&ttl](const std::string& text) {
    ttl = parse_duration(text);
    if (!ttl) {
      throw CLI::ValidationError("--ttl", "a time is a number with s, m, h or d behind it, like 30m, 1h or 7d");
    }
  };
  command
      .add_option_function<std::string>("--ttl", set,
                                        "How long it can be retrieved: 30m, 1h, 7d (the server's default)")
      ->option_text("TIME");
}

void add_webhook(CLI::App& command, std::string& webhook) {
  command.add_option("--webhook", webhook, "A URL that the server tells what happens to it, https:// (none)")
      ->option_text("URL")
      ->check([](const std::string& url) {
        const Result<void> checked = check_webhook_url(url);
        return checked ? std::string{} : checked.error().detail;
      });
}

void add_output(CLI::App& command, OutputOptions& options) {
  command
      .add_option("--output", options.path,
                  "The folder for files, the file to write, or - for standard output (the current folder)")
      ->option_text("PATH");
  command.add_flag("--force", options.force, "Replace the file that --output names");
}

}  // namespace

std::optional<std::chrono::seconds> parse_duration(const std::string& text) {
  constexpr std::int64_t kMost = 36'500;  // a hundred years in days
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop + 1 != end || number < 1 || number > kMost * kSecondsOfDay) {
    return std::nullopt;
  }
  const std::int64_t unit = *stop == 's'   ? 1
                            : *stop == 'm' ? kSecondsOfMinute
                            : *stop == 'h' ? kSecondsOfHour
                            : *stop == 'd' ? kSecondsOfDay
                                           : 0;
  const bool fits = unit != 0 && number <= kMost * kSecondsOfDay / unit;
  return fits ? std::optional(std::chrono::seconds(number * unit)) : std::nullopt;
}

void ClientCommandLine::add(CLI::App& app) {
  add_share(app);
  add_retrieve(app);
  CLI::App* status = app.add_subcommand("status", "Say what became of a secret or a request, without opening it");
  add_link(*status, status_.link);
  add_connection(*status, status_.connection, /*chooses_server=*/false);
  CLI::App* remove =
      app.add_subcommand("delete", "Delete a secret by its link or receipt, or a request by your own link");
  add_link(*remove, delete_.link);
  add_passphrase_file(*remove, delete_.passphrase);
  add_connection(*remove, delete_.connection, /*chooses_server=*/false);
  CLI::App* receipt = app.add_subcommand("receipt", "Say what became of a secret that you have shared");
  add_link(*receipt, receipt_.link);
  add_connection(*receipt, receipt_.connection, /*chooses_server=*/false);
  receipt_.receipt = true;
  add_request(app);
  add_generate(app);
}

void ClientCommandLine::add_share(CLI::App& app) {
  CLI::App* share = app.add_subcommand("share", "Encrypt a text or files here, and print a link that opens them once");
  share->footer(
      "Without FILE the secret is asked for on a terminal, or read from standard input. The link is the last line of\n"
      "standard output. DISPOSABLE_SECRETS_TOKEN has the token, where the server wants one.");
  share->add_option("file", share_.files, "Files to share; - is a text from standard input")->option_text("FILE");
  add_ttl(*share, share_.ttl);
  share->add_option("--views", share_.views, "How often it can be retrieved (1)")
      ->option_text("N")
      ->check(CLI::Range(1, 100))
      ->default_str("1");
  share->add_flag("--passphrase", share_.passphrase.ask, "Ask for a passphrase, which retrieval needs, too");
  share->add_option("--passphrase-file", share_.passphrase.file, "A file with the passphrase (none)")
      ->option_text("FILE");
  share->add_flag("--receipt", share_.receipt, "Also print a link that tells what became of it, on standard error");
  share->add_flag("--qr", share_.qr, "Also draw the link as a QR code, on standard error");
  add_webhook(*share, share_.webhook);
  share->add_option("--to", share_.to, "Answer the request of this link; -: asked for")->option_text("LINK");
  add_connection(*share, share_.connection, /*chooses_server=*/true);
}

void ClientCommandLine::add_retrieve(CLI::App& app) {
  CLI::App* retrieve = app.add_subcommand("retrieve", "Retrieve a secret: text to standard output, files to a folder");
  add_link(*retrieve, retrieve_.link);
  add_output(*retrieve, retrieve_.output);
  add_passphrase_file(*retrieve, retrieve_.passphrase);
  add_connection(*retrieve, retrieve_.connection, /*chooses_server=*/false);
}

void ClientCommandLine::add_request(CLI::App& app) {
  CLI::App* request = app.add_subcommand("request", "Ask somebody for a secret: print a link to answer by");
  request->footer(
      "The link for the other side is the last line of standard output; your own, which opens the answer, is on\n"
      "standard error. 'share --to LINK' answers; 'request --collect LINK' waits for the answer and retrieves it.\n"
      "With --no-wait it ends with exit code 8 when there is none yet.");
  add_ttl(*request, request_.ttl);
  request->add_option("--own-link-file", request_.own_link_file, "Keep your own link in this new file (shown)")
      ->option_text("FILE");
  add_webhook(*request, request_.webhook);
  request->add_flag("--qr", request_.qr, "Also draw the link as a QR code, on standard error");
  request
      ->add_option_function<std::string>(
          "--collect", [this](const std::string& link) { request_.collect = link; },
          "Wait for the answer and retrieve it, by your own link; -: from standard input, or asked for")
      ->option_text("LINK");
  request->add_flag_callback(
      "--no-wait", [this] { request_.wait = false; }, "Do not wait when there is no answer yet");
  add_output(*request, request_.output);
  add_connection(*request, request_.connection, /*chooses_server=*/true);
}

void ClientCommandLine::add_generate(CLI::App& app) {
  CLI::App* generate = app.add_subcommand("generate", "Print a password or a passphrase that nobody can guess");
  constexpr std::size_t kLengthLeast = 8;
  constexpr std::size_t kLengthMost = 1'000;
  constexpr std::size_t kWordsLeast = 4;
  constexpr std::size_t kWordsMost = 100;
  generate->add_option("--length", generate_.length, "How many characters (24)")
      ->option_text("N")
      ->check(CLI::Range(kLengthLeast, kLengthMost))
      ->default_str("24");
  generate
      ->add_option("--alphabet", generate_.alphabet,
                   "Of which: letters-digits, letters, digits, hex, readable, all (letters-digits)")
      ->option_text("NAME")
      ->check(CLI::IsMember({"letters-digits", "letters", "digits", "hex", "readable", "all"}))
      ->default_str("letters-digits");
  generate->add_option("--words", generate_.words, "Words that can be spoken instead, of 16 bits each (none)")
      ->option_text("N")
      ->check(CLI::Range(kWordsLeast, kWordsMost));
  generate->add_flag("--json", generate_.json, kJsonHelp);
}

std::optional<Command> ClientCommandLine::command(const CLI::App& app) const {
  if (app.got_subcommand("share")) {
    return share_;
  }
  if (app.got_subcommand("retrieve")) {
    return retrieve_;
  }
  if (app.got_subcommand("status")) {
    return status_;
  }
  if (app.got_subcommand("delete")) {
    return delete_;
  }
  if (app.got_subcommand("receipt")) {
    return receipt_;
  }
  if (app.got_subcommand("request")) {
    return request_;
  }
  return app.got_subcommand("generate") ? std::optional<Command>(generate_) : std::nullopt;
}

}  // namespace disposable
