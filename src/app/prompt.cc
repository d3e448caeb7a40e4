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

// Nothing when a signal has come, or the terminal has gone.
SecretBytes read_line(int terminal, int signals) {
  constexpr std::size_t kLineMost = 4'096;  // of the kernel, too
  SecretBytes typed(kLineMost);
  std::size_t size = 0;
  while (size < kLineMost) {
    std::array<pollfd, 2> polled{{{terminal, POLLIN, 0}, {signals, POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), -1) < 0 || (polled[1].revents & POLLIN) != 0) {
      return {};
    }
    const ssize_t got = ::read(terminal, typed.expose_mutable().data() + size, kLineMost - size);
    if (got <= 0) {
      break;
    }
    size += static_cast<std::size_t>(got);
    if (typed.expose()[size - 1] == '\n') {
      --size;
      break;
    }
  }
  return SecretBytes::copy_of(typed.expose().first(size));
}

}  // namespace

Outcome<SecretBytes> ask_unseen(std::string_view question) {
  const FileDescriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) {
    return client_fail(ClientFailure::kHere, "there is no terminal to ask on");
  }
  SecretBytes line;
  {
    const HeldSignals held;  // goes last: echo is on by then
    const NoEcho quiet(terminal.get());
    if (!quiet.off()) {
      return client_fail(ClientFailure::kHere, "the terminal goes on showing what is typed");
    }
    write_to(terminal.get(), question);
    line = read_line(terminal.get(), held.descriptor());
    write_to(terminal.get(), "\n");
  }
  if (line.empty()) {
    return client_fail(ClientFailure::kHere, "nothing was entered");
  }
  return line;
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
