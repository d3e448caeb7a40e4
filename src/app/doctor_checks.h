// What `doctor` looks at. Each check is one question about an installation and one line of answer; none changes
// anything, and all may be made beside the service. Thread-compatible.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/options.h"
#include "app/terminal.h"
#include "base/clock.h"
#include "crypto/random.h"

namespace disposable {

enum class Verdict : std::uint8_t {
  kOk,
  kWarning,  // serves, but weaker or not for long
  kFailed,   // does not serve, or a promise does not hold
};

struct Finding {
  Verdict verdict = Verdict::kOk;
  std::string text;
  std::string hint{};  // what to do; empty: nothing
};

struct Examination {
  const ServeOptions& options;
  WallTime now;
  Clock& clock;
  Random& random;
  ProgressLine& progress;  // for the checks that take long
};

struct Check {
  std::string_view name;
  Finding (*examine)(const Examination& examination);
};

// In the order in which a person would look.
const std::vector<Check>& doctor_checks();

// The checks that look at the machine and not at the installation's files; part of doctor_checks().
Finding examine_clock(const Examination& examination);
Finding examine_disk(const Examination& examination);
Finding examine_limits(const Examination& examination);
Finding examine_memory(const Examination& examination);
Finding examine_sandbox(const Examination& examination);

// Whom webhooks may call; calls nobody. Part of doctor_checks().
Finding examine_webhooks(const Examination& examination);

}  // namespace disposable
