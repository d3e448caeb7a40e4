#include "app/generate_command.h"

#include <nlohmann/json.hpp>

#include "app/terminal.h"
#include "client/password.h"

namespace disposable {

int generate(const GenerateOptions& options, Random& random) {
  const std::string_view alphabet = password_alphabet(options.alphabet);
  const bool words = options.words > 0;
  const SecretBytes generated =
      words ? generate_passphrase(options.words, random) : generate_password(alphabet, options.length, random);
  if (options.json) {
    const int bits = words ? static_cast<int>(options.words) * kBitsOfWord
                           : static_cast<int>(password_bits(alphabet, options.length));
    print_json(nlohmann::json{{"password", as_text(generated.expose())}, {"bits", bits}});
    return kExitSuccess;
  }
  print(as_text(generated.expose()));
  print("\n");
  return kExitSuccess;
}

}  // namespace disposable
