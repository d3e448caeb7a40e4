// Completions for bash, zsh and fish: commands, options, and of values what can be known: choices, files and folders.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/documented_command.h"

namespace disposable {

std::string bash_completion(const DocumentedCommand& program);
std::string zsh_completion(const DocumentedCommand& program);
std::string fish_completion(const DocumentedCommand& program);

// What the value of an option is, as its name says.
enum class ValueKind : std::uint8_t { kNone, kChoice, kFile, kFolder, kOther };
ValueKind value_kind(const DocumentedOption& option);

// The options of all commands that take a value, positionals aside, each name once: what the word behind them means
// does not depend on the command.
std::vector<DocumentedOption> options_with_values(const DocumentedCommand& program);

std::string joined(const std::vector<std::string>& texts, const std::string& between);

}  // namespace disposable
