// IntrusiveList: a doubly linked list whose links are members of its elements, so that an element joins, leaves and
// moves without allocation and without being searched for. An element is in at most one list per hook.
//
// Thread-compatible. Elements must leave before they go; the list owns nothing.

#pragma once

namespace disposable {

template <class T>
struct ListHook {
  T* previous = nullptr;
  T* next = nullptr;
  bool linked = false;
};

template <class T, ListHook<T> T::*kHook>
class IntrusiveList {
 public:
  bool empty() const { return first_ == nullptr; }
  T* front() const { return first_; }

  void push_back(T& element) {
    ListHook<T>& hook = element.*kHook;
    hook = {last_, nullptr, true};
    (last_ == nullptr ? first_ : (last_->*kHook).next) = &element;
    last_ = &element;
  }
  void push_front(T& element) {
    ListHook<T>& hook = element.*kHook;
    hook = {nullptr, first_, true};
    (first_ == nullptr ? last_ : (first_->*kHook).previous) = &element;
    first_ = &element;
  }
  // Nothing when it is not linked.
  void remove(T& element) {
    ListHook<T>& hook = element.*kHook;
    if (!hook.linked) {
      return;
    }
    (hook.previous == nullptr ? first_ : (hook.previous->*kHook).next) = hook.next;
    (hook.next == nullptr ? last_ : (hook.next->*kHook).previous) = hook.previous;
    hook = {};
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
};

}  // namespace disposable
