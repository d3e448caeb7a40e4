// Goal: elements join, leave and move in any order, and the list stays whole.

#include "http/intrusive_list.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

namespace disposable {

namespace {

struct Element {
  ListHook<Element> hook;
  ListHook<Element> other_hook;
};
using List = IntrusiveList<Element, &Element::hook>;
using OtherList = IntrusiveList<Element, &Element::other_hook>;

// Forwards, and checked against the links backwards.
std::vector<const Element*> elements_of(const List& list) {
  std::vector<const Element*> found;
  const Element* previous = nullptr;
  for (const Element* element = list.front(); element != nullptr; element = element->hook.next) {
    CHECK(element->hook.linked);
    CHECK(element->hook.previous == previous);
    found.push_back(element);
    previous = element;
  }
  CHECK(list.empty() == found.empty());
  return found;
}

}  // namespace

TEST_CASE("intrusive list: any series of joining and leaving gives what a vector gives") {
  std::array<Element, 6> elements;
  List list;
  std::vector<const Element*> expected;
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    Element& element = elements[random() % elements.size()];
    if (element.hook.linked) {
      list.remove(element);
      std::erase(expected, &element);
      CHECK(element.hook.next == nullptr);
    } else if (random() % 4 == 0) {
      list.push_front(element);
      expected.insert(expected.begin(), &element);
    } else {
      list.push_back(element);
      expected.push_back(&element);
    }
    REQUIRE(elements_of(list) == expected);
  }
}

TEST_CASE("intrusive list: removing what is not linked does nothing") {
  Element linked;
  Element alone;
  List list;
  list.push_back(linked);
  list.remove(alone);
  CHECK(elements_of(list) == std::vector<const Element*>{&linked});
  list.remove(linked);
  list.remove(linked);
  CHECK(elements_of(list).empty());
}

TEST_CASE("intrusive list: an element can be in one list for each of its hooks") {
  Element element;
  List list;
  OtherList other;
  list.push_back(element);
  other.push_back(element);
  list.remove(element);
  CHECK(list.empty());
  CHECK(other.front() == &element);
}

}  // namespace disposable
