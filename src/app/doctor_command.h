// `disposable-secrets doctor`: takes the options of `serve`, prints a line for each check, and returns the exit code: 1
// when one has failed.

#pragma once

#include "app/options.h"
#include "base/clock.h"
#include "crypto/random.h"

namespace disposable {

int diagnose(const DoctorOptions& options, Clock& clock, Random& random);

}  // namespace disposable
