// What becomes of a secret that was retrieved: texts go to standard output, files to a folder. Nobody gets it a second
// time, so a file that is in the way makes no failure: the new one has a number behind its name; and what cannot be
// written where it was to go is written to the current folder, or that of temporary files.

#pragma once

#include <filesystem>
#include <vector>

#include "app/client_options.h"
#include "base/file_descriptor.h"
#include "client/client_error.h"
#include "client/container.h"

namespace disposable {

// Where it goes, made sure of before it is spent. A value.
struct Destination {
  std::filesystem::path folder;  // for files under the names that they came with
  std::filesystem::path file;    // of the person's own, for a single part; empty: none
  FileDescriptor stream;         // what `file` names when that is no regular file
  bool standard_output = false;  // for a single part, whatever it is
  bool replace = false;          // `file`, and nothing else
  bool json = false;
  FileDescriptor room{};  // in `folder`, for as long as it is held; none where only a stream takes anything
};

// To be called before the secret, which has so many bytes, is spent. kHere: a file that --force would replace; a folder
// that does not exist, cannot be written to or has too little room. kUsage: two things for standard output.
Outcome<Destination> open_destination(const OutputOptions& options, bool json, std::uint64_t bytes);

// On a terminal a text's control characters are made harmless, and it has a line end. Says on standard error which
// files it has written. kHere: a part is somewhere else than where it was to go, which the hint says, or nowhere.
Outcome<void> deliver(const std::vector<Part>& parts, Destination destination, int views_left);

}  // namespace disposable
