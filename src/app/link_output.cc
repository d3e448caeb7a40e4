#include "app/link_output.h"

#include <cstdio>

#include "app/qr_code.h"
#include "app/terminal.h"

namespace disposable {

void print_link(const SecretBytes& link, bool qr) {
  if (qr) {
    print_note(as_text(qr_code(link).expose()));
  }
  print(as_text(link.expose()));
  print("\n");
}

void print_noted_link(std::string_view what, const SecretBytes& link) {
  print_note(std::string(what) + ": " + std::string(as_text(link.expose())));
}

}  // namespace disposable
