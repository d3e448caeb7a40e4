// Several threads that do the same at once.

#pragma once

#include <cstddef>
#include <thread>
#include <vector>

namespace disposable {

// Calls work(0) to work(count - 1), each in a thread of its own, and waits for all.
template <class Work>
void at_once(std::size_t count, const Work& work) {
  std::vector<std::jthread> threads;
  threads.reserve(count);
  for (std::size_t number = 0; number < count; ++number) {
    threads.emplace_back([&work, number] { work(number); });
  }
}

}  // namespace disposable
