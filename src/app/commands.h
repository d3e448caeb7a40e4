// run: the whole program, from arguments to exit code (0, 1 failure, 2 usage).

#pragma once

namespace disposable {

int run(int argc, const char* const* argv);

}  // namespace disposable
