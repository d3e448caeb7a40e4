// The byte stream of one connection, with everything that may happen to it between two bytes.
//
// The first line of an input is what happens, a letter each (see Run::step); all after it is what the peer sends. When
// the line is at its end, everybody obeys: the rest arrives, writes are taken, the worker answers, the peer ends.
// Beyond "no crash": every request that is dispatched gets one answer, in order, and is not touched before; nothing is
// dispatched after an answer that closes; a request begins where the one before it ends; what is written is
// well-formed; whoever waits has a deadline; what was charged is discharged; the connection ends; and until the first
// event that has to do with time, memory or a broken connection, the answers are those to the same bytes in one piece.

#include <cstdint>
#include <optional>
#include <string>

#include "http/connection.h"
#include "http/response.h"
#include "support/fake_wire.h"
#include "support/vault_fixture.h"

namespace disposable {

namespace {

// Small, so that they are reached.
const Limits kLimits{.head_bytes_max = 512, .header_fields_max = 8, .target_bytes_max = 80};
constexpr std::size_t kScratchBytes = 1024;

struct Answer {
  std::string method;
  std::string path;
  std::string body;
  int status = 0;
  std::string content;
  bool operator==(const Answer&) const = default;
};

class Run final : private ConnectionHost {
 public:
  explicit Run(bool shaking_hands) {
    wire_.shaking_hands = shaking_hands;
    connection_.open();
    connection_.advance();
  }

  // Everything that happens, and then the end.
  void go(std::string_view script, std::string_view stream) {
    rest_ = stream;
    for (const char what : script) {
      step(what);
      settle();
    }
    for (const char what : {'o', 's', 'u', '*', 'e'}) {
      step(what);
      finish_work();
    }
    check(state_ == ConnectionState::kClosed, "the connection ends when the peer does");
    check(dispatched_ == settled_ && charged_ == 0, "every request is answered, and everything is discharged");
    check_written();
  }

  const std::string& received() const { return received_; }
  const std::vector<Answer>& answers() const { return answers_; }
  // So many answers do not depend on when and how anything happened; nothing: all of them.
  std::optional<std::size_t> firm() const { return firm_; }

 private:
  void step(char what) {
    switch (what) {
      case '*':
        return arrive(rest_.size(), false);
      case 'k':
        return arrive(64, false);
      case 'e':
      case 'E':  // the end is told together with what came last
        return arrive(what == 'e' ? 0 : 16, true);
      case 'b':
        wire_.room = 0;
        return;
      case '+':
      case 'u':
        wire_.room = what == 'u' ? SIZE_MAX : 20;
        return wire_.blocked ? event(false) : void();
      case 'i':
        at_once_ = !at_once_;
        return;
      case 'w':
        return answer();
      case 's':
        return std::exchange(wire_.shaking_hands, false) ? event(false) : void();
      case 'l':  // as TLS does
        wire_.says_drained = false;
        return;
      default:
        return what >= '1' && what <= '9' ? arrive(static_cast<std::size_t>(what - '0'), false) : disturb(what);
    }
  }
  // What the answers may depend on.
  void disturb(char what) {
    if (what == 'o') {  // all is well again
      crowded_ = false;
      return;
    }
    if (what != 't' && what != 'c' && what != 'd' && what != 'x' && what != 'h') {
      return;
    }
    make_loose();
    if (what == 'c') {
      crowded_ = true;
    } else if (what == 'd') {
      connection_.drain(now_ + std::chrono::milliseconds{500});
    } else if (what == 'x') {
      wire_.broken = true;
      event(true);
    } else if (what == 'h') {
      if (state_ == ConnectionState::kReading || state_ == ConnectionState::kWriting) {
        connection_.shed();
      }
    } else if (deadline_) {
      now_ = std::max(now_, *std::exchange(deadline_, std::nullopt));
      connection_.expire();
    }
  }
  void make_loose() { firm_ = firm_.value_or(answers_.size()); }

  void arrive(std::size_t count, bool end) {
    if (wire_.ended) {
      return;
    }
    const std::string_view now = rest_.substr(0, count);
    rest_.remove_prefix(now.size());
    wire_.arrived += now;
    received_ += now;
    wire_.ended = end;
    event(end);
  }
  // Once for every change, as edge-triggered epoll tells it.
  void event(bool ended) {
    connection_.note_readable(ended);
    connection_.advance();
  }
  void answer() {
    if (!std::exchange(working_, false)) {
      return;
    }
    const Request& request = connection_.exchange().head.request;
    check(request.path == path_ && as_text(request.body) == body_, "a request is not touched while it is worked on");
    wire_.reading_allowed = true;
    connection_.respond(parts_api_.handle(connection_.exchange().route, request));
    connection_.advance();
  }
  void run_postponed() {
    if (std::exchange(postponed_, false)) {
      connection_.advance();
    }
  }
  void settle() {
    run_postponed();
    const bool on_its_own = state_ == ConnectionState::kWorking || state_ == ConnectionState::kClosed || postponed_;
    check(on_its_own || (deadline_ && *deadline_ >= now_), "a connection that waits has a deadline");
    check(state_ != ConnectionState::kIdle || charged_ == 0, "an idle connection holds nothing");
  }
  void finish_work() {
    while (working_ || postponed_) {
      answer();
      run_postponed();
    }
  }

  // Status line, fields, and as many bytes as they announce; the same responses that were answered.
  void check_written() {
    std::string_view rest = wire_.written;
    std::size_t count = 0;
    while (!rest.empty()) {
      const std::size_t head_size = rest.find("\r\n\r\n") + 4;
      if (head_size < 4 || count == answers_.size()) {
        check(cut_ || rest == "HTTP/1.1 100 Continue\r\n\r\n", "only a connection that breaks cuts a response");
        return;
      }
      const std::string_view head = rest.substr(0, head_size);
      rest.remove_prefix(head_size);
      check(head.starts_with("HTTP/1.1 ") && head[12] == ' ', "a response begins with its status line");
      if (head == "HTTP/1.1 100 Continue\r\n\r\n") {
        continue;
      }
      const Answer& answer = answers_[count++];
      check(head.substr(9, 3) == std::to_string(answer.status), "answers come in the order of their requests");
      const std::string length = "\r\nContent-Length: " + std::to_string(answer.content.size()) + "\r\n";
      check(head.find(length) != std::string_view::npos, "the length that is announced is that of the body");
      const std::string_view content = answer.method == "HEAD" ? std::string_view{} : answer.content;
      check(rest.starts_with(content) || (cut_ && content.starts_with(rest)), "the body follows its head");
      rest.remove_prefix(std::min(content.size(), rest.size()));
    }
    check(count == answers_.size() || (cut_ && count + 1 == answers_.size()), "every answer is written");
  }

  SteadyTime now() const override { return now_; }
  std::string_view date() override { return "Tue, 14 Nov 2023 22:13:20 GMT"; }
  const Limits& limits() const override { return kLimits; }
  std::span<std::uint8_t> scratch() override { return scratch_.expose_mutable(); }
  std::optional<Response> admit(Connection& connection) override {
    Exchange& exchange = connection.exchange();
    Request& request = exchange.head.request;
    exchange.route = Api::route(request.method, request.path);
    exchange.address = "192.0.2.1";
    request.address = exchange.address;
    auto refusal = parts_api_.refuse(exchange.route, request, exchange.head.content_length);
    return refusal || !crowded_ ? std::move(refusal) : unavailable(std::chrono::seconds{1});
  }
  void dispatch(Connection& connection) override {
    check(dispatched_ == settled_ && !closing_, "one request at a time, and none after an answer that closes");
    const Request& request = connection.exchange().head.request;
    check(request.body.size() == connection.exchange().head.content_length, "a request is complete");
    path_ = request.path;
    body_ = as_text(request.body);
    ++dispatched_;
    working_ = true;
    wire_.reading_allowed = false;
    if (at_once_ || connection.exchange().route.work() == Api::Work::kNone) {
      working_ = false;
      wire_.reading_allowed = true;
      connection.respond(parts_api_.handle(connection.exchange().route, request));
    }
  }
  void answered(const Connection& /*connection*/, const Exchange& exchange) override {
    const Request& request = exchange.head.request;
    check(!closing_ && !working_, "an answer comes once, and none after one that closes");
    check(std::string_view(received_).substr(consumed_).starts_with(exchange.buffered()),
          "a request begins where the one before it ends");
    consumed_ += exchange.size();
    settled_ = dispatched_;
    closing_ = exchange.close;
    cut_ = cut_ || exchange.sent < exchange.response_size();
    check(exchange.response.status < 500 || exchange.response.status == 503 || exchange.response.status == 505,
          "nothing fails");
    answers_.push_back({std::string(request.method), std::string(request.path), std::string(as_text(request.body)),
                        exchange.response.status, std::string(as_text(exchange.response.content()))});
  }
  void abandoned(const Exchange& exchange) override {
    check(!working_ && !exchange.complete(), "a request that is complete is not abandoned");
  }
  void state_changed(Connection& connection, ConnectionState before) override {
    check(before == state_ && (before != ConnectionState::kClosed || !opened_), "states follow each other");
    opened_ = true;
    state_ = connection.state();
    if (state_ == ConnectionState::kClosed && wire_.cut_short) {  // perhaps a 100 Continue
      make_loose();
      cut_ = true;
    }
  }
  void handshake_began(Connection& /*connection*/) override {}
  void stalled(Connection& connection) override {
    check(connection.state() == ConnectionState::kWriting, "only who is answered can stall");
  }
  void set_deadline(Connection& /*connection*/, SteadyTime deadline) override { deadline_ = deadline; }
  void postpone(Connection& /*connection*/) override { postponed_ = true; }
  void await_memory(Connection& /*connection*/) override { postponed_ = true; }
  void charge(std::uint64_t bytes) override { charged_ += bytes; }
  void discharge(std::uint64_t bytes) override {
    check(bytes <= charged_, "nothing is discharged twice");
    charged_ -= bytes;
  }
  bool crowded() const override { return crowded_; }

  // The same keys in every run.
  VaultFixture parts_;
  Api parts_api_{Api::Parts{parts_.vault, [] { return Readiness{}; }, BodyLimits{32, 8}}};
  SecretBytes scratch_{kScratchBytes};
  SteadyTime now_{};
  std::optional<SteadyTime> deadline_;
  FakeWire wire_;
  std::string_view rest_;
  std::string received_;
  std::size_t consumed_ = 0;  // by requests that are answered
  bool at_once_ = false;
  bool crowded_ = false;
  bool postponed_ = false;
  bool working_ = false;
  bool opened_ = false;
  bool closing_ = false;
  bool cut_ = false;
  std::string path_;
  std::string body_;
  std::size_t dispatched_ = 0;
  std::size_t settled_ = 0;  // of the dispatched
  std::uint64_t charged_ = 0;
  std::vector<Answer> answers_;
  std::optional<std::size_t> firm_;
  ConnectionState state_ = ConnectionState::kClosed;
  Connection connection_{*this, std::make_unique<FakeTransport>(wire_), {}};
};

}  // namespace

}  // namespace disposable

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace disposable;
  const std::string_view input = as_text({data, size});
  const std::size_t line_end = std::min(input.find('\n'), size);
  Run run(input.starts_with('h'));
  run.go(input.substr(0, line_end), input.substr(std::min(line_end + 1, size)));
  Run plain(false);
  plain.go("i", run.received());
  const std::size_t count = run.firm().value_or(std::max(run.answers().size(), plain.answers().size()));
  for (std::size_t i = 0; i < count; ++i) {
    check(i < plain.answers().size() && i < run.answers().size() && plain.answers()[i] == run.answers()[i],
          "answers do not depend on how the bytes are cut");
  }
  return 0;
}
