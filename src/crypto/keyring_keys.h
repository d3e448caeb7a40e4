// What a keyring holds in its locked memory. Only for keyring.cc and keyring_epochs.cc.

#pragma once

#include <array>
#include <shared_mutex>
#include <span>

#include "crypto/keyring.h"

namespace disposable {

inline constexpr std::size_t kEpochsMax = 64;

// Of a fixed size, so that all of it lies in one locked block for the life of the keyring.
struct Keyring::Keys {
  struct Epoch {
    std::uint32_t number = 0;
    SymmetricKey key;
  };

  std::span<const Epoch> all_epochs() const { return std::span(epochs).first(epoch_count); }

  // Guards the epochs, which can change while the service runs. Not a base Mutex, which has no shared mode.
  std::shared_mutex mutex;
  SymmetricKey root;
  SymmetricKey id;
  SymmetricKey fingerprint;
  SymmetricKey pepper;
  SymmetricKey audit;
  SymmetricKey receipt;
  SymmetricKey idempotency;
  SymmetricKey request;
  SymmetricKey webhook;
  std::array<Epoch, kEpochsMax> epochs;
  std::size_t epoch_count = 0;
};

}  // namespace disposable
