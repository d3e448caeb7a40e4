// The queue of webhooks in every database that is built in: what holds for one holds for all.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/delivery_queue.h"

namespace disposable {

// A queue of its own, gone with the object.
class DeliveryPlace {
 public:
  DeliveryPlace() = default;
  DeliveryPlace(const DeliveryPlace&) = delete;
  DeliveryPlace& operator=(const DeliveryPlace&) = delete;
  virtual ~DeliveryPlace() = default;

  virtual Result<std::unique_ptr<DeliveryQueue>> try_open() const = 0;
  std::unique_ptr<DeliveryQueue> open() const {
    Result<std::unique_ptr<DeliveryQueue>> queue = try_open();
    REQUIRE_MESSAGE(queue, (queue ? "" : queue.error().detail));
    return std::move(*queue);
  }
};

struct DeliveryPlaceKind {
  std::string name;
  std::function<std::unique_ptr<DeliveryPlace>()> create;
};

const std::vector<DeliveryPlaceKind>& delivery_places();

}  // namespace disposable
