#include "app/qr_code.h"

#include <qrcodegen/qrcodegen.hpp>

namespace disposable {

SecretBytes qr_code(const SecretBytes& text) {
  constexpr int kBorder = 2;
  constexpr const char* kBlackOnWhite =
      "\x1b[40;97m";  // what is set is light: the border must be brighter than modules
  constexpr const char* kReset = "\x1b[0m\n";
  const std::string link(as_text(text.expose()));
  const qrcodegen::QrCode code = qrcodegen::QrCode::encodeText(link.c_str(), qrcodegen::QrCode::Ecc::LOW);
  const auto light = [&code](int x, int y) { return !code.getModule(x, y); };  // outside all is light
  std::string lines;
  for (int y = -kBorder; y < code.getSize() + kBorder; y += 2) {
    lines += kBlackOnWhite;
    for (int x = -kBorder; x < code.getSize() + kBorder; ++x) {
      const bool upper = light(x, y);
      const bool lower = light(x, y + 1);
      lines += upper ? (lower ? "\u2588" : "\u2580") : (lower ? "\u2584" : " ");
    }
    lines += kReset;
  }
  return SecretBytes::copy_of(as_bytes(lines));
}

}  // namespace disposable
