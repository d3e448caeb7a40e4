#include "app/version.h"

#include <gnu/libc-version.h>
#include <seccomp.h>

#include <CLI/Version.hpp>

#include "app/backends.h"
#include "app/build_commit.h"
#include "audit/sqlite/sqlite_connection.h"
#include "base/log.h"
#include "client/host_names.h"
#include "crypto/random.h"
#include "http/tls_library.h"
#include "store/rocksdb/versions.h"

namespace disposable {

namespace {

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "g++ " __VERSION__;
#endif

std::string libseccomp_version() {
  const scmp_version& version = *seccomp_version();
  return std::to_string(version.major) + "." + std::to_string(version.minor) + "." + std::to_string(version.micro);
}

}  // namespace

BuildInfo build_info() {
  BuildInfo info{DISPOSABLE_VERSION, kBuildCommit, kCompiler, {}, sandbox_state(ServeOptions{})};
  info.libraries = {
      {"glibc", gnu_get_libc_version()},
      {"libstdc++", std::to_string(_GLIBCXX_RELEASE)},
      {"libsodium", std::string(sodium_version())},
      {"openssl", std::string(openssl_version())},
      {"sqlite", std::string(sqlite_version())},
      {"libseccomp", libseccomp_version()},
      {"c-ares", std::string(c_ares_version())},
      {"cli11", CLI11_VERSION},
      {"cpp-httplib", DISPOSABLE_HTTPLIB_VERSION},
      {"nlohmann-json", DISPOSABLE_JSON_VERSION},
  };
  for (const auto& [name, version] : rocksdb_versions()) {
    info.libraries.push_back({name, version});
  }
  for (const std::vector<Component>& backend : {redis_components(), postgres_components()}) {
    info.libraries.insert(info.libraries.end(), backend.begin(), backend.end());
  }
  return info;
}

std::string version_text(const BuildInfo& info) { return "disposable-secrets " + info.version + "\n"; }

std::string version_json(const BuildInfo& info) {
  std::string libraries;
  for (const Component& library : info.libraries) {
    libraries +=
        (libraries.empty() ? "\"" : ",\"") + json_escape(library.name) + "\":\"" + json_escape(library.version) + "\"";
  }
  return "{\"version\":\"" + json_escape(info.version) + "\",\"commit\":\"" + json_escape(info.commit) +
         "\",\"compiler\":\"" + json_escape(info.compiler) + "\",\"libraries\":{" + libraries +
         "},\"sandbox\":{\"landlock\":\"" + json_escape(info.sandbox.landlock) + "\",\"seccomp\":\"" +
         json_escape(info.sandbox.seccomp) + "\",\"memory_lock\":\"" + json_escape(info.sandbox.memory_lock) + "\"}}\n";
}

}  // namespace disposable
