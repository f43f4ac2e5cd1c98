// Objects on the core's heap, and lists of objects that carry their own links.
#pragma once

#include <atomic>
#include <new>
#include <utility>

#include "kernel/include/toro/heap.hpp"

namespace toro::inet {

struct SocketTable;  // of kernel/tables

/// A T on the heap, or null.
template <class T, class... Arguments>
[[nodiscard]] T* make(Arguments&&... arguments) {
  void* const block = heap::allocate(sizeof(T), alignof(T));
  return block == nullptr ? nullptr : new (block) T(std::forward<Arguments>(arguments)...);
}
template <class T>
void dispose(T* object) {
  if (object == nullptr) return;
  object->~T();
  heap::free(object);
}

template <class T>
struct Links {
  T* next = nullptr;
  T* previous = nullptr;
};

/// First in, first out; any element can be taken out. A debugger that stops the machine at any instruction finds all
/// elements from the first on: each change is one store, and a fence has the compiler keep the order of stores.
template <class T, Links<T> T::* links>
class List {
 public:
  [[nodiscard]] T* first() const { return first_; }
  [[nodiscard]] bool empty() const { return first_ == nullptr; }
  [[nodiscard]] static T* next(const T& element) { return (element.*links).next; }

  void push(T& element) {
    element.*links = {nullptr, last_};
    std::atomic_signal_fence(std::memory_order_release);
    (last_ != nullptr ? (last_->*links).next : first_) = &element;
    last_ = &element;
  }
  void remove(T& element) {
    const Links<T> around = element.*links;
    (around.previous != nullptr ? (around.previous->*links).next : first_) = around.next;
    (around.next != nullptr ? (around.next->*links).previous : last_) = around.previous;
    std::atomic_signal_fence(std::memory_order_release);
    element.*links = {};
  }
  [[nodiscard]] T* pop() {
    T* const element = first_;
    if (element != nullptr) remove(*element);
    return element;
  }

 private:
  friend struct SocketTable;

  T* first_ = nullptr;
  T* last_ = nullptr;
};

}  // namespace toro::inet
