// Sockets that systemd (or another service manager) opened and passed: a restart refuses no connection, because the
// socket lives on. Source: sd_listen_fds(3).

#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "http/listener.h"

namespace disposable {

struct PassedSocket {
  FileDescriptor socket;
  std::string name;  // FileDescriptorName=, by default the name of the socket unit
};

// The variables of the protocol, read by app; empty when there is none.
struct PassedEnvironment {
  std::string listen_pid;      // LISTEN_PID
  std::string listen_fds;      // LISTEN_FDS
  std::string listen_fdnames;  // LISTEN_FDNAMES
  int first_descriptor = 3;    // SD_LISTEN_FDS_START
};

// What was passed to this process, `self`; nothing when LISTEN_PID names another. Makes the sockets close-on-exec and
// non-blocking and changes nothing else. kInvalidArgument: a variable is no number, or something that was passed is no
// listening stream socket (Accept=yes, or a datagram socket).
Result<std::vector<PassedSocket>> passed_sockets(const PassedEnvironment& environment, pid_t self);

// Everything to serve on: each of `asked`, for which a passed socket that is bound there is taken instead of a new
// one. When the API is not asked for anywhere it is served on the passed sockets that are left, and without those at
// `fallback`. kNotFound: nothing was passed under a name that is asked for. kInvalidArgument: a passed socket is left
// that nobody asks for; its clients would wait for ever. Else the errors of open_listener().
Result<std::vector<ListeningSocket>> open_listeners(const std::vector<Endpoint>& asked, const Endpoint& fallback,
                                                    std::vector<PassedSocket> passed, const ListenOptions& options);

}  // namespace disposable
