// Pieces of a manual page in roff's man macros.

#pragma once

#include <string>
#include <string_view>

#include "app/documented_command.h"

namespace disposable {

// Text as roff prints it: in short lines, with hyphens that can be copied, and nothing taken for a request.
std::string roff_text(std::string_view text);
std::string roff_bold(std::string_view text);
std::string roff_italic(std::string_view text);

// A list's item: `tag` is roff already, `text` is plain.
std::string roff_item(const std::string& tag, std::string_view text);
// The options, one item each. `group_heading` makes the heading of a group from its name.
std::string roff_options(const std::vector<DocumentedOption>& options,
                         std::string (*group_heading)(const std::string& group));

std::string roff_title(std::string_view name, int section, std::string_view manual);

}  // namespace disposable
