// OpenSSL as a part of this process. Only the tls_*.cc files of src/http use it.

#pragma once

#include <string_view>

namespace disposable {

// For example "3.0.22".
std::string_view openssl_version();

// From now on OpenSSL wipes every block before it gives it back: sessions hold plaintext, and not all of its own code
// cleanses. The reason is that of app/wiping_delete.cc, which does not reach C. Call once, before any other thread and
// any other use of OpenSSL; later is a broken invariant. Source: CRYPTO_set_mem_functions(3).
void wipe_openssl_memory();

}  // namespace disposable
