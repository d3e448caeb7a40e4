// Limits: what one client, and all of them together, may take of the connection layer. Each has its default and its
// reason here; README's table repeats them and tests/e2e compares it with the program. All can be changed while the
// service runs (SIGHUP); a change holds from the next connection or request on. A value.

#pragma once

#include <chrono>
#include <cstdint>

namespace disposable {

// A token bucket: `burst` at once, refilled at `per_minute`.
struct Rate {
  double burst = 0;
  double per_minute = 0;  // 0: no limit
  bool operator==(const Rate&) const = default;
};

struct Limits {
  // --- Connections -----------------------------------------------------------------------------------------------
  // Fits the 20,000 descriptors that most systems allow; an idle connection costs about 1 KiB. At the limit the
  // connection that has been idle, or sending a request, for longest makes room, so that nobody is kept out by
  // connections that do nothing.
  std::size_t connections_max = 16'384;
  // Per v4 address or v6 /64; not for loopback, Unix sockets and trusted proxies, behind which many clients stand.
  std::size_t address_connections_max = 512;
  // What has arrived of unfinished requests and what waits to be read by slow readers, of all connections together:
  // five of the largest. Over it bodies wait, new requests get 503, and after a second so do the slowest of those that
  // are unfinished. Bodies that are worked on take up to five times as much of memory; large retrievals that are worked
  // on, as much again and no more (core/payload_budget.h).
  std::uint64_t buffer_bytes_max = 128ULL << 20U;

  // TLS handshakes under way, from a peer's first record on: each costs 40 KiB. At the limit the oldest one makes room.
  std::size_t handshakes_max = 1024;

  // --- One message -----------------------------------------------------------------------------------------------
  std::size_t head_bytes_max = 8192;   // a link, a few headers, somebody else's cookies. Over it: 431
  std::size_t header_fields_max = 40;  // browsers send about 20, proxies add some. Over it: 431
  std::size_t target_bytes_max = 512;  // the longest path is 50 bytes. Over it: 414

  // --- Time, absolute: a peer that sends a byte now and then gains nothing -------------------------------------------
  std::chrono::milliseconds handshake_max{5'000};  // TLS
  std::chrono::milliseconds head_max{5'000};
  std::chrono::milliseconds body_max{10'000};      // and the body's size at the slowest rate
  std::chrono::milliseconds response_max{15'000};  // and the response's size at the slowest rate
  std::chrono::milliseconds idle_max{60'000};      // between two requests of a connection
  std::uint64_t rate_min = 16'384;                 // bytes a second; 1 MiB may take 74 s and not longer

  // --- What an address may do; loopback and Unix sockets are exempt unless a trusted proxy named the address --------
  Rate creates{60, 30};           // a person, a script; not a flood
  Rate retrieves{1000, 300};      // each is a row of the audit log; a site that starts behind one address
  Rate misses{30, 10};            // 404 to a retrieval or deletion: somebody guesses keys
  Rate wrong_passphrases{10, 5};  // over all secrets; five of one secret lock that one
  // Bytes that an address may store at once; given back evenly over 24 hours, so that twice as much fits into an
  // unlucky day. Over it 429.
  std::uint64_t address_bytes_max = 256ULL << 20U;

  // --- What strangers may store in all -----------------------------------------------------------------------------
  std::uint64_t stored_bytes_max = 8ULL << 30U;     // of payloads; over it creates get 507
  std::uint64_t disk_reserve_bytes = 32ULL << 20U;  // with less space left on the disk, creates get 507

  bool operator==(const Limits&) const = default;
};

}  // namespace disposable
