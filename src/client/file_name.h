// Names of files that others chose, made fit to be created in a folder of ours. Pure functions.

#pragma once

#include <string>
#include <string_view>

namespace disposable {

// A name without a folder: what is behind the last '/' or '\', control characters and bytes that are no UTF-8 replaced
// by '_', no '.' or '-' at its begin (hidden files, options), at most 200 bytes. "file" when nothing is left.
std::string safe_file_name(std::string_view name);

// "photo.jpg" becomes "photo (2).jpg", for the second of its name.
std::string numbered_file_name(std::string_view name, int number);

}  // namespace disposable
