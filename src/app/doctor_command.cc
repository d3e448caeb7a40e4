#include "app/doctor_command.h"

#include "app/doctor_checks.h"
#include "base/log.h"

namespace disposable {

namespace {

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWarning:
      return "warning";
    case Verdict::kFailed:
      break;
  }
  return "FAILED";
}

std::string padded(std::string_view text, std::size_t width) {
  return std::string(text) + std::string(width - std::min(width, text.size()), ' ');
}

std::string text_line(std::string_view name, const Finding& finding) {
  constexpr std::size_t kVerdictWidth = 9;
  constexpr std::size_t kNameWidth = 15;
  return padded(word(finding.verdict), kVerdictWidth) + padded(name, kNameWidth) + finding.text +
         (finding.hint.empty() ? "" : "; " + finding.hint) + "\n";
}

std::string json_line(std::string_view name, const Finding& finding) {
  const std::string_view verdict = finding.verdict == Verdict::kFailed ? "failed" : word(finding.verdict);
  return "{\"check\":\"" + std::string(name) + "\",\"verdict\":\"" + std::string(verdict) + "\",\"text\":\"" +
         json_escape(finding.text) + "\",\"hint\":\"" + json_escape(finding.hint) + "\"}\n";
}

}  // namespace

int diagnose(const DoctorOptions& options, Clock& clock, Random& random) {
  ProgressLine progress;
  bool failed = false;
  for (const Check& check : doctor_checks()) {
    progress.show("checking the " + std::string(check.name));
    const Finding finding = check.examine({options.serve, clock.now(), clock, random, progress});
    progress.clear();
    print(options.json ? json_line(check.name, finding) : text_line(check.name, finding));
    failed = failed || finding.verdict == Verdict::kFailed;
  }
  return failed ? kExitFailure : kExitSuccess;
}

}  // namespace disposable
