// Sockets: a listener, and input and output with an absolute deadline.
//
// All sockets are non-blocking and close-on-exec. Deadlines are of the steady clock and cover the whole call, however
// slowly a peer feeds it. Thread-compatible.

#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/file_descriptor.h"

namespace disposable {

using SteadyTime = std::chrono::steady_clock::time_point;

struct Listener {
  FileDescriptor socket;
  int port = 0;
};

// Listens on `host`, an address (v4 or v6, without brackets) or "localhost"; port 0 takes any that is free.
// SO_REUSEADDR, so that a restart need not wait; never SO_REUSEPORT, which would let a second process share the port
// unnoticed. kAlreadyExists: the port is in use. kInvalidArgument: no such address here, or no such port. kUnavailable:
// the system refuses.
Result<Listener> listen_on(const std::string& host, int port);

// The peer's address in text, without its port; a v4 address mapped into v6 is shown as v4. Empty when there is none.
std::string peer_address(int socket);

// What poll() takes to wait until the deadline: milliseconds, zero when it has passed.
int poll_timeout(SteadyTime deadline);

// How many bytes arrived, at least one; 0 when the peer is done, the deadline has passed or the connection is broken.
std::size_t read_some(int socket, std::span<std::uint8_t> out, SteadyTime deadline);
// True when every byte was handed to the system.
bool write_all(int socket, ByteView head, ByteView body, SteadyTime deadline);

}  // namespace disposable
