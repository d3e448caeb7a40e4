#include "http/tls_library.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <cstring>

#include "base/result.h"

namespace disposable {

namespace {

void* allocate(std::size_t size, const char* /*file*/, int /*line*/) { return std::malloc(size); }

void wipe_and_free(void* block, const char* /*file*/, int /*line*/) {
  if (block != nullptr) {
    explicit_bzero(block, malloc_usable_size(block));
    std::free(block);
  }
}

// realloc() may move a block and leave its old bytes behind.
void* reallocate(void* block, std::size_t size, const char* file, int line) {
  const std::size_t held = block == nullptr ? 0 : malloc_usable_size(block);
  if (block != nullptr && size != 0 && size <= held) {
    return block;
  }
  void* larger = size == 0 ? nullptr : std::malloc(size);
  if (larger != nullptr && block != nullptr) {
    std::memcpy(larger, block, held);
  }
  if (larger != nullptr || size == 0) {
    wipe_and_free(block, file, line);
  }
  return larger;
}

}  // namespace

std::string_view openssl_version() { return OpenSSL_version(OPENSSL_VERSION_STRING); }

void wipe_openssl_memory() {
  check(CRYPTO_set_mem_functions(allocate, reallocate, wipe_and_free) == 1, "OpenSSL has allocated nothing yet");
}

}  // namespace disposable
