#include "app/manual_page.h"

#include <algorithm>

#include "app/roff.h"

namespace disposable {

namespace {

constexpr const char* kDescription = R"(.SH DESCRIPTION
Keeps a secret, encrypted, and hands it out once.
.B serve
runs the service: a web page and a JSON API over HTTP or HTTPS,
whose documentation the service itself has under
.IR /docs .
.BR share ", " retrieve ", " status ", " delete ", " receipt " and " request
are the client: they talk to a service, and encrypt and decrypt here,
so that it never learns what it keeps.
Every other command works on the files of a service, most of them while it runs.
.PP
Results go to standard output.
Problems go to standard error, as one line and perhaps a hint.
The log of the service goes to standard error too:
as text on a terminal, otherwise as one JSON object a line.
)";

constexpr const char* kEnvironment = R"(.SH ENVIRONMENT
Of the options that many commands share or that
.B serve
has, each can also be set by a variable.
An empty variable counts as not set.
Where an option is repeatable, commas separate the values of its variable.
)";

constexpr const char* kOtherVariables = R"(.TP
.B DISPOSABLE_SECRETS_TOKEN
The token with which
.B share
and
.B request
create, where the server wants one.
.TP
.BR XDG_CONFIG_HOME ", " HOME
Where the client's configuration file is by default.
.TP
.BR XDG_DATA_HOME ", " HOME
Where the data folder is by default.
.TP
.BR LISTEN_FDS ", " LISTEN_PID ", " LISTEN_FDNAMES ", " NOTIFY_SOCKET ", " WATCHDOG_USEC
How
.BR systemd (1)
hands sockets over and hears how the service is.
)";

constexpr const char* kRest = R"(.SH SIGNALS
.TP
.B SIGTERM\fR, \fBSIGINT
End the service: requests in hand are answered, for ten seconds at most.
.TP
.B SIGHUP
Read the configuration file, the certificate and the keyring again.
A mistake in one of them changes nothing and is logged.
.SH "EXIT STATUS"
.TP
.B 0
Success.
.TP
.B 1
It could not be done.
For
.B audit verify
also: the log was changed; for
.BR doctor :
a check has failed;
for the client: a file, the terminal or what was typed is the reason.
.TP
.B 2
The command line, the environment or the configuration file is wrong.
.PP
The client's commands have more:
.TP
.B 3
The secret never existed, or it has expired.
.TP
.B 4
It was already retrieved or deleted.
.TP
.B 5
Passphrase or link are wrong, or it is locked after too many wrong ones.
.TP
.B 6
The server refuses: a limit, a missing permission, too large.
.TP
.B 7
There is no answer from the server, or it says to try again later.
.TP
.B 8
Who was asked has not answered yet, and was not to be waited for.
.SH FILES
.TP
.I /etc/disposable\-secrets/disposable\-secrets.conf
The configuration of the installed service, see
.BR disposable\-secrets.conf (5).
.TP
.I /etc/disposable\-secrets/keyring
Its keyring, without which no secret can be read.
Keep a copy, apart from copies of the data.
.TP
.I /var/lib/disposable\-secrets
Its data folder: the secrets in
.I store
and the audit log in
.IR audit.db .
.TP
.I \(ti/.local/share/disposable\-secrets
The data folder when nothing names another; its keyring is beside it, with
.I .keyring
behind the name.
.TP
.I \(ti/.config/disposable\-secrets/client.conf
The client's configuration: lines
.BR "server = " \fIURL ,
.BR "token\-file = " \fIFILE ,
.BR "ca\-file = " \fIFILE .
.SH EXAMPLES
A service for this machine alone, then one with TLS for everybody:
.PP
.EX
disposable\-secrets serve \-\-data\-dir /srv/secrets
disposable\-secrets serve \-\-listen \(aq[::]:443\(aq \-\-tls\-cert fullchain.pem \-\-tls\-key privkey.pem
.EE
.PP
Share a secret end to end, and retrieve it where the link has come to:
.PP
.EX
disposable\-secrets share \-\-server https://secrets.example \-\-ttl 1h \-\-passphrase
disposable\-secrets retrieve
.EE
.PP
Create a secret and retrieve it by the API:
.PP
.EX
curl \-H \(aqContent\-Type: application/json\(aq \-d \(aq{"secret": "my_secret"}\(aq http://127.0.0.1:8000/api/v1/secret
curl http://127.0.0.1:8000/api/v1/secret/550e8400\-e29b\-41d4\-a716\-446655440000
.EE
.PP
What happened in the last day:
.PP
.EX
disposable\-secrets audit \-\-data\-dir /srv/secrets \-\-since 24h
.EE
.SH "SEE ALSO"
.BR disposable\-secrets.conf (5),
.BR systemd.socket (5)
)";

std::string synopsis(const DocumentedCommand& program) {
  std::string roff = ".SH SYNOPSIS\n";
  const char* separator = "";
  for (const DocumentedCommand* command : with_all_below(program)) {
    if (command->path.empty() || command->needs_command) {
      continue;
    }
    roff += separator + roff_bold("disposable-secrets " + command->name());
    separator = ".br\n";
    const std::vector<DocumentedOption> options = accepted_options(*command);
    roff += " [" + roff_italic("option") + "...]";
    for (const DocumentedOption& option : options) {
      roff += option.positional ? " " + roff_italic(option.name()) : "";
    }
    roff += "\n";
  }
  return roff;
}

std::string commands(const DocumentedCommand& program) {
  std::string roff = ".SH COMMANDS\n";
  for (const DocumentedCommand* command : with_all_below(program)) {
    if (command->path.empty()) {
      continue;
    }
    roff += ".SS \"" + roff_text(command->name()) + "\"\n" + roff_text(command->description) + ".\n";
    if (!command->inherited.empty()) {
      std::vector<std::string> above(command->path.begin(), command->path.end() - 1);
      roff += "Takes the options of " + roff_bold(CLI::detail::join(above, " ")) + " too.\n";
    }
    roff += roff_options(command->options, [](const std::string& group) { return ".PP\n" + roff_text(group) + ":\n"; });
  }
  return roff;
}

std::string environment(const DocumentedCommand& program) {
  std::string roff = kEnvironment;
  std::vector<std::string> names;
  for (const DocumentedCommand* command : with_all_below(program)) {
    for (const DocumentedOption& option : command->options) {
      const bool seen = std::find(names.begin(), names.end(), option.environment) != names.end();
      if (!option.environment.empty() && !seen) {
        names.push_back(option.environment);
        roff += ".TP\n" + roff_bold(option.environment) + "\n" + roff_bold(option.name()) + "\n";
      }
    }
  }
  return roff + kOtherVariables;
}

}  // namespace

std::string manual_page(const DocumentedCommand& program) {
  return roff_title("DISPOSABLE-SECRETS", 1, "User Commands") +
         ".SH NAME\ndisposable\\-secrets \\- keep a secret, hand it out once\n" + synopsis(program) + kDescription +
         commands(program) + environment(program) + kRest;
}

}  // namespace disposable
