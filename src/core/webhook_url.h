// WebhookUrl: where a webhook goes. The one reader of such URLs, so that what was checked is what is called.
//
// RFC 3986, and stricter where two readers could disagree about the host: no userinfo, fragment, backslash, blank or
// byte beyond visible ASCII; no name that some take for a number ("127.1", "0x7f.0.0.1", "2130706433"); no zone.
// Which addresses may be called, and that plain http is for few of them, is not known here. Pure functions.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace disposable {

// Parts of the text it was read from, which must outlive it.
struct WebhookUrl {
  bool tls = true;
  std::string_view host;  // a name, or an address without brackets, in whatever case
  std::uint16_t port = 0;
  std::string_view target;  // path and query as they stand; where the path is empty, "/" belongs before it
};

// kInvalidArgument, with a sentence that repeats nothing of the text: it can be as good as a password.
Result<WebhookUrl> parse_webhook_url(std::string_view text);
Result<void> check_webhook_url(std::string_view text);

}  // namespace disposable
