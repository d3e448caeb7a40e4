// Names of files that others chose, made fit to be created in a folder of ours. Pure functions.

#pragma once

#include <string>
#include <string_view>

namespace disposable {

// A name without a folder: what is behind the last '/' or '\'. '_' stands for control characters, what steers or hides
// text, bytes that are no UTF-8, what Windows does not take, and a '.', '-', '~' or space at its begin (hidden files,
// options). Dots and spaces at its end are dropped, names of Windows' devices get a '_' before them. At most 200 bytes,
// of which an ending is kept, and one for that '_'. "file" when nothing is left. The page gives the same name
// (src/web/page/file_names.ts); tests/vectors/file_names.json has both.
std::string safe_file_name(std::string_view name);

// "photo.jpg" becomes "photo (2).jpg", for the second of its name.
std::string numbered_file_name(std::string_view name, int number);

}  // namespace disposable
