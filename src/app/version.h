// What this executable is made of.

#pragma once

#include <string>
#include <vector>

#include "app/sandbox.h"

namespace disposable {

struct Component {
  std::string name;
  std::string version;
};

struct BuildInfo {
  std::string version;
  std::string commit;  // "unknown" outside a git checkout; "-dirty" at its end when files were changed
  std::string compiler;
  std::vector<Component> libraries;
  SandboxState sandbox;  // what the kernel offers here
};

BuildInfo build_info();
std::string version_text(const BuildInfo& info);
std::string version_json(const BuildInfo& info);

}  // namespace disposable
