// What the commands print. Results go to stdout; problems go to stderr as one line "disposable-secrets: error: ...",
// then at most one line "hint: ...".

#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace disposable {

inline constexpr int kExitSuccess = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

void print(std::string_view text);
// On a line, in ASCII. Text that is no UTF-8 is replaced: what is printed may be all that is left of a secret.
std::string json_line(const nlohmann::json& object);
void print_json(const nlohmann::json& object);

// One line of progress on stderr, written over itself: only on a terminal, so that a pipe stays quiet. Gone when the
// object goes.
class ProgressLine {
 public:
  ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { clear(); }

  void show(std::string_view text);
  void clear();

 private:
  const bool watched_;
  bool shown_ = false;
};

// A line on stderr that is no problem: what a person wants to know, and a script does not.
void print_note(std::string_view text);

// Returns `exit_code`, so that a command can end with it.
int print_error(int exit_code, std::string_view message, std::string_view hint = {});

}  // namespace disposable
