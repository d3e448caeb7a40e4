#include <algorithm>
#include <mutex>

#include "crypto/keyring_keys.h"

namespace disposable {

std::uint32_t Keyring::current_epoch() const {
  const std::shared_lock lock(keys_->mutex);
  return keys_->all_epochs().back().number;
}

std::vector<std::uint32_t> Keyring::epochs() const {
  const std::shared_lock lock(keys_->mutex);
  std::vector<std::uint32_t> numbers;
  for (const Keys::Epoch& epoch : keys_->all_epochs()) {
    numbers.push_back(epoch.number);
  }
  return numbers;
}

Result<std::uint32_t> Keyring::begin_epoch(Random& random) {
  const std::unique_lock lock(keys_->mutex);
  if (keys_->epoch_count == kEpochsMax) {
    return fail(Errc::kInvalidArgument, "the keyring is full of epochs, of which none can be destroyed yet");
  }
  Keys::Epoch& next = keys_->epochs.at(keys_->epoch_count);
  next.number = keys_->all_epochs().back().number + 1;
  random.fill(next.key.expose_mutable());
  ++keys_->epoch_count;
  return next.number;
}

void Keyring::destroy_epochs_before(std::uint32_t number) {
  const std::unique_lock lock(keys_->mutex);
  const auto end = keys_->epochs.begin() + static_cast<std::ptrdiff_t>(keys_->epoch_count);
  const auto first_kept = std::find_if(keys_->epochs.begin(), end - 1,
                                       [number](const Keys::Epoch& epoch) { return epoch.number >= number; });
  std::move(first_kept, end, keys_->epochs.begin());  // a key that is moved wipes what it leaves and what it replaces
  keys_->epoch_count = static_cast<std::size_t>(end - first_kept);
}

Result<void> Keyring::can_adopt(const Keyring& newer) const {
  if (check_value() != newer.check_value()) {
    return fail(Errc::kInvalidArgument, "the key file holds another keyring");
  }
  const std::shared_lock newer_lock(newer.keys_->mutex);
  const std::shared_lock lock(keys_->mutex);
  if (newer.keys_->all_epochs().back().number < keys_->all_epochs().back().number) {
    return fail(Errc::kInvalidArgument, "the key file holds an older form of the keyring");
  }
  for (const Keys::Epoch& ours : keys_->all_epochs()) {
    for (const Keys::Epoch& theirs : newer.keys_->all_epochs()) {
      if (ours.number == theirs.number && !equal_constant_time(ours.key.expose(), theirs.key.expose())) {
        return fail(Errc::kInvalidArgument, "the key file has another key for epoch " + std::to_string(ours.number));
      }
    }
  }
  return {};
}

Result<void> Keyring::adopt_epochs(const Keyring& newer) {
  Result<void> fits = can_adopt(newer);
  if (!fits) {
    return fits;
  }
  const std::shared_lock newer_lock(newer.keys_->mutex);
  const std::unique_lock lock(keys_->mutex);
  for (std::size_t i = 0; i < kEpochsMax; ++i) {
    Keys::Epoch& ours = keys_->epochs.at(i);
    const Keys::Epoch& theirs = newer.keys_->epochs.at(i);
    ours.number = theirs.number;
    std::copy(theirs.key.expose().begin(), theirs.key.expose().end(), ours.key.expose_mutable().begin());
  }
  keys_->epoch_count = newer.keys_->epoch_count;
  return {};
}

}  // namespace disposable
