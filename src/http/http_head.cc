#include "http/http_head.h"

#include <algorithm>
#include <charconv>

namespace disposable {

namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// RFC 9110, 5.5: visible characters, obs-text, space and tab. So no NUL, CR or LF.
bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

// A fragment never belongs into a request; a client that sends one may be about to leak what stands behind the '#'.
bool is_target(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
}

// RFC 3986, 3.2: a name or an address in brackets, and a port. May be empty (RFC 9112, 3.2).
bool is_host(std::string_view text) {
  const std::size_t end = text.starts_with('[') ? text.find(']') + 1 : std::min(text.find(':'), text.size());
  std::string_view name = text.substr(0, end);
  const std::string_view port = text.substr(end);
  if (!port.empty() && (port.front() != ':' || port.find_first_not_of("0123456789", 1) != std::string_view::npos)) {
    return false;
  }
  if (name.starts_with('[')) {
    name = name.substr(1, name.size() - 2);
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return is_alphanumeric(c) || std::string_view("-._~!$&'()*+,;=:%").find(c) != std::string_view::npos;
  });
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

// Takes everything up to `separator` from the front of `rest`, and the separator too.
std::string_view take_until(std::string_view& rest, std::string_view separator) {
  const std::size_t at = std::min(rest.find(separator), rest.size());
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(std::min(at + separator.size(), rest.size()));
  return taken;
}

bool list_contains(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    if (equal_ignoring_case(trimmed(take_until(list, ",")), token)) {
      return true;
    }
  }
  return false;
}

// The path of an origin-form or absolute-form target (RFC 9112, 3.2); empty when it has neither form.
std::string_view path_of(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equal_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      target.remove_prefix(scheme.size());
      const std::string_view authority = target.substr(0, target.find_first_of("/?"));
      // Neither without a host nor with a user (RFC 9110, 4.2.1 and 4.2.4).
      if (authority.empty() || authority.starts_with(':') || !is_host(authority)) {
        return {};
      }
      target.remove_prefix(authority.size());
      if (!target.starts_with('/')) {
        return "/";
      }
      break;
    }
  }
  if (target == "*") {
    return target;
  }
  const std::string_view path = target.substr(0, target.find('?'));
  return path.starts_with('/') ? path : std::string_view{};
}

using Refusal = tl::unexpected<HeadRefusal>;

Refusal refuse(int status) { return Refusal(HeadRefusal{status}); }

tl::expected<void, HeadRefusal> read_request_line(std::string_view line, std::size_t target_bytes_max,
                                                  RequestHead& head, bool& old_version) {
  head.request.method = take_until(line, " ");
  const std::string_view target = take_until(line, " ");
  if (!is_token(head.request.method) || target.empty() || !is_target(target)) {
    return refuse(400);
  }
  old_version = line == "HTTP/1.0";
  if (!old_version && line != "HTTP/1.1") {
    return refuse(line.starts_with("HTTP/") && line.find(' ') == std::string_view::npos ? 505 : 400);
  }
  if (target.size() > target_bytes_max) {
    return refuse(414);
  }
  head.request.path = path_of(target);
  return head.request.path.empty() ? refuse(400) : tl::expected<void, HeadRefusal>{};
}

// What the fields say about the message as a whole.
struct Framing {
  int hosts = 0;
  int lengths = 0;
  bool transfer_encoding = false;
  bool close = false;
};

tl::expected<void, HeadRefusal> note_field(const HeaderField& field, RequestHead& head, Framing& framing) {
  const auto is = [&field](std::string_view name) { return equal_ignoring_case(field.name, name); };
  if (is("Host")) {
    ++framing.hosts;
    return is_host(field.value) ? tl::expected<void, HeadRefusal>{} : refuse(400);
  }
  if (is("Content-Length")) {
    ++framing.lengths;
    const char* const end = field.value.data() + field.value.size();
    const auto [stop, problem] = std::from_chars(field.value.data(), end, head.content_length);
    return stop == end && problem == std::errc{} ? tl::expected<void, HeadRefusal>{} : refuse(400);
  }
  if (is("Transfer-Encoding")) {
    framing.transfer_encoding = true;
  } else if (is("Connection")) {
    framing.close = framing.close || list_contains(field.value, "close");
  } else if (is("Expect")) {
    head.expects_continue = true;
    return equal_ignoring_case(field.value, "100-continue") ? tl::expected<void, HeadRefusal>{} : refuse(417);
  }
  return {};
}

}  // namespace

HeadScanner::State HeadScanner::scan(std::string_view bytes) {
  for (; position_ < bytes.size(); ++position_) {
    const char c = bytes[position_];
    const bool after_return = position_ > line_begin_ && bytes[position_ - 1] == '\r';
    if ((c == '\n') != after_return || c == '\0') {
      return State::kMalformed;
    }
    if (c == '\n') {
      const bool empty_line = position_ == line_begin_ + 1;
      line_begin_ = position_ + 1;
      if (empty_line) {
        ++position_;
        return State::kComplete;
      }
    }
  }
  return State::kIncomplete;
}

tl::expected<RequestHead, HeadRefusal> parse_head(std::string_view bytes, const Limits& limits) {
  RequestHead head;
  Framing framing;
  bool old_version = false;
  if (auto line = read_request_line(take_until(bytes, kLineEnd), limits.target_bytes_max, head, old_version); !line) {
    return Refusal(line.error());
  }
  for (std::string_view line = take_until(bytes, kLineEnd); !line.empty(); line = take_until(bytes, kLineEnd)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return refuse(400);
    }
    const HeaderField field{line.substr(0, colon), trimmed(line.substr(colon + 1))};
    if (!is_token(field.name) || !is_field_value(field.value)) {  // a folded line has no name
      return refuse(400);
    }
    if (head.request.headers.size() == limits.header_fields_max) {
      return refuse(431);
    }
    head.request.headers.push_back(field);
    if (auto noted = note_field(field, head, framing); !noted) {
      return Refusal(noted.error());
    }
  }
  if (framing.hosts > 1 || (framing.hosts == 0 && !old_version) || framing.lengths > 1) {
    return refuse(400);
  }
  if (framing.transfer_encoding) {
    return refuse(framing.lengths > 0 || old_version ? 400 : 411);
  }
  head.keep_alive = !framing.close && !old_version;
  head.expects_continue = head.expects_continue && !old_version;
  return head;
}

}  // namespace disposable
