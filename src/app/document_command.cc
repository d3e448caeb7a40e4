#include "app/document_command.h"

#include "app/command_line.h"
#include "app/default_configuration.h"
#include "app/manual_page.h"
#include "app/shell_completions.h"

namespace disposable {

std::string generated(const std::string& what) {
  CommandLine line;
  const DocumentedCommand program = document(line.app());
  if (what == "manual") {
    return manual_page(program);
  }
  if (what == "manual-conf") {
    return configuration_manual_page(program);
  }
  if (what == "config") {
    return default_configuration(program);
  }
  if (what == "bash") {
    return bash_completion(program);
  }
  if (what == "zsh") {
    return zsh_completion(program);
  }
  check(what == "fish", "the command line lets only through what is generated");
  return fish_completion(program);
}

}  // namespace disposable
