// The names of statuses come from cpp-httplib; this is its only use in the service (src/README.md says why).

#include <httplib.h>

#include "http/response.h"

namespace disposable {

std::string format_head(const Response& response, std::string_view date, bool close) {
  constexpr std::size_t kUsualSize = 420;
  std::string head;
  head.reserve(kUsualSize);
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  head.append(httplib::status_message(response.status)).append("\r\nDate: ").append(date).append("\r\n");
  head.append("Content-Type: ").append(response.content_type).append("\r\n").append(response.fixed_headers);
  for (const ResponseHeader& header : response.headers) {
    head.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  head.append("Content-Length: ").append(std::to_string(response.content().size()));
  return head.append(close ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n");
}

}  // namespace disposable
