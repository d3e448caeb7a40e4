#include "app/prompt.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/file_descriptor.h"

namespace disposable {

namespace {

// Holds back what would end or stop the process, until echo is on again: then it takes its course.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
      sigaddset(&held, signal);
    }
    ends_.reset(signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
    sigaddset(&held, SIGTSTP);
    check(ends_ && pthread_sigmask(SIG_BLOCK, &held, &before_) == 0, "signals can be held back");
  }
  ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // Readable when one has come. It is not read, so that it is still there afterwards.
  int descriptor() const { return ends_.get(); }

 private:
  FileDescriptor ends_;
  sigset_t before_{};
};

class NoEcho {
 public:
  explicit NoEcho(int terminal) : terminal_(terminal), off_(tcgetattr(terminal, &before_) == 0) {
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ICANON | ISIG;
    off_ = off_ && tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
  }
  ~NoEcho() {
    if (off_) {
      tcsetattr(terminal_, TCSAFLUSH, &before_);
    }
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

  bool off() const { return off_; }

 private:
  int terminal_;
  termios before_{};
  bool off_;
};

void write_to(int terminal, std::string_view text) {
  // Whoever has closed the terminal does not see the question either.
  [[maybe_unused]] const ssize_t written = ::write(terminal, text.data(), text.size());
}

// Whether there is something to read within `timeout`, -1: without end. False, too, when a signal has come.
bool readable(int terminal, int signals, int timeout) {
  std::array<pollfd, 2> polled{{{terminal, POLLIN, 0}, {signals, POLLIN, 0}}};
  return ::poll(polled.data(), polled.size(), timeout) > 0 && (polled[1].revents & POLLIN) == 0;
}

constexpr std::size_t kLineMost = 4'096;  // of the kernel, with the line's end; it drops what is too much in silence

// With its end, if there is one. Nothing when a signal has come, or the terminal has gone.
SecretBytes read_line(int terminal, int signals) {
  SecretBytes typed(kLineMost);
  std::size_t size = 0;
  while (size < kLineMost) {
    if (!readable(terminal, signals, -1)) {
      return {};
    }
    const ssize_t got = ::read(terminal, typed.expose_mutable().data() + size, kLineMost - size);
    if (got <= 0) {
      break;
    }
    size += static_cast<std::size_t>(got);
    if (typed.expose()[size - 1] == '\n') {
      break;
    }
  }
  return SecretBytes::copy_of(typed.expose().first(size));
}

// Reads what comes behind the line, which the shell would run otherwise, until nothing does for a while. Whether there
// was anything but ends of lines.
bool read_rest(int terminal, int signals) {
  constexpr int kFirstWait = 150;  // ms; for a paste that comes over a network in pieces
  constexpr int kNextWait = 500;
  termios raw{};
  if (tcgetattr(terminal, &raw) == 0) {
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON);  // a last line without an end can be read, too
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(terminal, TCSANOW, &raw);
  }
  SecretBytes rest(kLineMost);
  bool more = false;
  for (int wait = kFirstWait; readable(terminal, signals, wait); wait = kNextWait) {
    const ssize_t got = ::read(terminal, rest.expose_mutable().data(), rest.size());
    if (got <= 0) {
      break;
    }
    const std::string_view text = as_text(rest.expose().first(static_cast<std::size_t>(got)));
    more = more || text.find_first_not_of("\r\n") != std::string_view::npos;
  }
  return more;
}

Outcome<SecretBytes> read_answer(int terminal, int signals) {
  const SecretBytes line = read_line(terminal, signals);
  if (!line.empty() && read_rest(terminal, signals)) {
    return client_fail(ClientFailure::kHere, "more than one line was entered, so nothing of it is used",
                       "a file, or standard input from one, can have many");
  }
  if (line.size() == kLineMost) {
    return client_fail(ClientFailure::kHere, "the line is longer than a terminal takes, so nothing of it is used",
                       "a file, or standard input from one, can have longer ones");
  }
  const bool ended = !line.empty() && line.expose().back() == '\n';
  if (line.size() == (ended ? 1 : 0)) {
    return client_fail(ClientFailure::kHere, "nothing was entered");
  }
  return SecretBytes::copy_of(line.expose().first(line.size() - (ended ? 1 : 0)));
}

}  // namespace

Outcome<SecretBytes> ask_unseen(std::string_view question) {
  const FileDescriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) {
    return client_fail(ClientFailure::kHere, "there is no terminal to ask on");
  }
  const HeldSignals held;  // goes last: echo is on by then
  const NoEcho quiet(terminal.get());
  if (!quiet.off()) {
    return client_fail(ClientFailure::kHere, "the terminal goes on showing what is typed");
  }
  write_to(terminal.get(), question);
  Outcome<SecretBytes> answer = read_answer(terminal.get(), held.descriptor());
  write_to(terminal.get(), "\n");
  return answer;
}

Outcome<SecretBytes> ask_unseen_twice(std::string_view question, std::string_view again) {
  Outcome<SecretBytes> first = ask_unseen(question);
  if (!first) {
    return first;
  }
  const Outcome<SecretBytes> second = ask_unseen(again);
  if (!second || !equal_constant_time(first->expose(), second->expose())) {
    return second ? client_fail(ClientFailure::kHere, "the two entries differ") : client_fail(second.error());
  }
  return first;
}

}  // namespace disposable
