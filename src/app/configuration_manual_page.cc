#include "app/default_configuration.h"
#include "app/manual_page.h"
#include "app/roff.h"

namespace disposable {

namespace {

constexpr const char* kConfigurationDescription = R"(.SH DESCRIPTION
The configuration file of
.BR disposable\-secrets (1),
which
.B \-\-config
names.
It has lines
.IR name " = " value ,
with the names of the options of
.BR "disposable\-secrets serve" .
What is repeatable has a line for each value.
Lines that begin with # are comments.
A line with nothing behind its = leaves the option at its default.
Quotes around the whole value are dropped.
Bytes may be written 65536, 64K or 64KiB;
an option that takes no value on the command line is
.B true
or
.BR false .
.PP
The command line wins over the environment, the environment over the file.
.PP
Commands other than
.B serve
and
.B doctor
take from the file what they need of it.
The installed service is given
.B data\-dir
and
.B key\-file
on its command line, so that in its file they serve only the other commands.
It is also given sockets by
.BR systemd (1),
which it serves all when there is no
.BR listen .
.SH OPTIONS
)";

constexpr const char* kConfigurationRest = R"(.SH RELOADING
On SIGHUP
.RB ( "systemctl reload disposable\-secrets" )
the service reads the file again.
In force from the next connection or request are all limits but
.BR secret\-bytes\-max ,
.B upload\-bytes\-max
and
.BR ttl\-max ,
and
.BR log\-level ,
.BR trusted\-proxy ,
.BR creators ,
.B tls\-cert
and
.BR tls\-key .
For everything else it needs a restart, and the log says so.
.SH FILES
.TP
.I /etc/disposable\-secrets/disposable\-secrets.conf
The file of the installed service.
.SH EXAMPLES
.EX
listen = 0.0.0.0:443
listen = [::]:443
tls\-cert = /etc/disposable\-secrets/fullchain.pem
tls\-key = /etc/disposable\-secrets/privkey.pem
stored\-bytes\-max = 2G
.EE
.SH "SEE ALSO"
.BR disposable\-secrets (1)
)";

}  // namespace

std::string configuration_manual_page(const DocumentedCommand& program) {
  std::string roff = roff_title("DISPOSABLE-SECRETS.CONF", 5, "File Formats") +
                     ".SH NAME\ndisposable\\-secrets.conf \\- configuration of disposable\\-secrets\n" +
                     kConfigurationDescription;
  std::vector<DocumentedOption> options = configurable_options(program);
  for (DocumentedOption& option : options) {
    option.names = {option.name().substr(2)};
    option.value_name = option.value_name.empty() ? "true" : option.value_name;
  }
  const auto heading = [](const std::string& group) { return ".SS \"" + roff_text(group) + "\"\n"; };
  return roff + roff_options(options, heading) + kConfigurationRest;
}

}  // namespace disposable
