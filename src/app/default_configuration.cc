#include "app/default_configuration.h"

#include <algorithm>

#include "base/result.h"

namespace disposable {

namespace {

constexpr const char* kHead = R"(# Configuration of disposable-secrets; disposable-secrets.conf(5) says more.
#
# Every option is below with its default. To change one, remove the # before it. A line with nothing behind its = leaves
# the option at its default, as if the line were not there. What the command line or the environment sets wins.
#
# In force with 'systemctl reload disposable-secrets': all limits but secret-bytes-max, upload-bytes-max and ttl-max, and
# log-level, trusted-proxy, creators, tls-cert and tls-key. For everything else restart the service.
)";

// What stands behind the name, so that the line means the default when it is uncommented.
std::string default_line_value(const DocumentedOption& option) {
  if (option.value_name.empty()) {
    return " false";
  }
  return option.default_value.empty() ? "" : " " + option.default_value;
}

}  // namespace

std::vector<DocumentedOption> configurable_options(const DocumentedCommand& program) {
  const auto serve = std::find_if(program.commands.begin(), program.commands.end(),
                                  [](const DocumentedCommand& command) { return command.name() == "serve"; });
  check(serve != program.commands.end(), "there is the command serve");
  std::vector<DocumentedOption> options;
  std::copy_if(serve->options.begin(), serve->options.end(), std::back_inserter(options),
               [](const DocumentedOption& option) { return option.name() != "--help" && option.name() != "--config"; });
  return options;
}

std::string default_configuration(const DocumentedCommand& program) {
  std::string text = kHead;
  std::string group;
  for (const DocumentedOption& option : configurable_options(program)) {
    if (option.group != group) {
      group = option.group;
      text += "\n\n# " + group + "\n# " + std::string(group.size(), '-') + "\n";
    }
    text += "\n# " + option.help + "\n#" + option.name().substr(2) + " =" + default_line_value(option) + "\n";
  }
  return text;
}

}  // namespace disposable
