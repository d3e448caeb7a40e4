// What the client's commands are given: links, passphrases, texts and files.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/client_options.h"
#include "client/client_error.h"
#include "client/container.h"
#include "client/link.h"

namespace disposable {

// The link that `argument` is; when it is empty or "-", the first line of standard input, asked for where that is a
// terminal. kUsage: it is no link.
Outcome<Link> given_link(const std::string& argument);
// The same when standard input has something else: "-" is asked for.
Outcome<Link> given_or_asked_link(const std::string& argument);

// The passphrase of a secret that needs one: out of the file, or asked for.
Outcome<SecretBytes> given_passphrase(const PassphraseOptions& options);
// That of a new secret: asked for twice. Empty: none is wanted.
Outcome<SecretBytes> new_passphrase(const PassphraseOptions& options);

// What to share: the files, or a text from standard input, asked for where that is a terminal. kHere: a file cannot be
// read, there is nothing, or too much.
Outcome<std::vector<Part>> given_parts(const std::vector<std::string>& files);

}  // namespace disposable
