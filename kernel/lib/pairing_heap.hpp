// A priority queue whose nodes are part of the elements: the least one first, any one removable.
#pragma once

#include <cstdint>

namespace toro {

/// Links of an element; its key may change only while it is outside.
template <class T>
struct HeapLinks {
  T* child = nullptr;
  T* sibling = nullptr;
  T* previous = nullptr;  ///< parent of a first child, else the sibling before
};

/// Pairing heap [Fredman et al., Algorithmica 1986]: insert and min O(1), remove O(log n) amortised; no memory of its
/// own. `Traits::links(T&)` gives the element's HeapLinks, `Traits::before(T&, T&)` the order.
template <class T, class Traits>
class PairingHeap {
 public:
  [[nodiscard]] T* min() const { return root_; }

  void insert(T& element) {
    Traits::links(element) = {};
    root_ = meld(root_, &element);
  }

  void remove(T& element) {
    HeapLinks<T>& links = Traits::links(element);
    T* children = merge_pairs(links.child);
    if (&element == root_) {
      root_ = children;
    } else {
      HeapLinks<T>& previous = Traits::links(*links.previous);
      (previous.child == &element ? previous.child : previous.sibling) = links.sibling;
      if (links.sibling != nullptr) Traits::links(*links.sibling).previous = links.previous;
      root_ = meld(root_, children);
    }
    links = {};
  }

 private:
  static T* meld(T* a, T* b) {
    if (a == nullptr) return b;
    if (b == nullptr) return a;
    if (Traits::before(*b, *a)) {
      T* swap = a;
      a = b;
      b = swap;
    }
    HeapLinks<T>& parent = Traits::links(*a);
    HeapLinks<T>& child = Traits::links(*b);
    child.sibling = parent.child;
    if (parent.child != nullptr) Traits::links(*parent.child).previous = b;
    child.previous = a;
    parent.child = b;
    return a;
  }

  /// Melds siblings two by two from the left, then all from the right, without recursion.
  static T* merge_pairs(T* first) {
    T* pairs = nullptr;  // linked by sibling, last pair first
    while (first != nullptr) {
      T* a = first;
      T* b = Traits::links(*a).sibling;
      first = b == nullptr ? nullptr : Traits::links(*b).sibling;
      Traits::links(*a).sibling = Traits::links(*a).previous = nullptr;
      if (b != nullptr) Traits::links(*b).sibling = Traits::links(*b).previous = nullptr;
      T* pair = meld(a, b);
      Traits::links(*pair).sibling = pairs;
      pairs = pair;
    }
    T* result = nullptr;
    while (pairs != nullptr) {
      T* next = Traits::links(*pairs).sibling;
      Traits::links(*pairs).sibling = nullptr;
      result = meld(result, pairs);
      pairs = next;
    }
    return result;
  }

  T* root_ = nullptr;
};

}  // namespace toro
