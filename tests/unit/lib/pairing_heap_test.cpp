// The pairing heap against std::multimap.
#include "kernel/lib/pairing_heap.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

namespace {

struct Element {
  int key = 0;
  bool inside = false;
  toro::HeapLinks<Element> links;
};

struct ByKey {
  static toro::HeapLinks<Element>& links(Element& element) { return element.links; }
  static bool before(const Element& a, const Element& b) { return a.key < b.key; }
};

using Heap = toro::PairingHeap<Element, ByKey>;

}  // namespace

TEST_CASE("an empty heap has no least element") {
  CHECK(Heap{}.min() == nullptr);
}

TEST_CASE("elements come out in order") {
  Heap heap;
  std::deque<Element> elements;
  for (const int key : {5, 3, 9, 1, 7, 3, 8}) heap.insert(elements.emplace_back(key));
  std::vector<int> order;
  while (Element* least = heap.min()) {
    order.push_back(least->key);
    heap.remove(*least);
  }
  CHECK(order == std::vector{1, 3, 3, 5, 7, 8, 9});
}

TEST_CASE("ten thousand random operations agree with a model") {
  std::mt19937 random{42};
  Heap heap;
  std::vector<Element> elements(200);
  for (int i = 0; i < 10'000; ++i) {
    Element& element = elements[random() % elements.size()];
    if (element.inside) {
      heap.remove(element);
    } else {
      element.key = static_cast<int>(random() % 50);
      heap.insert(element);
    }
    element.inside = !element.inside;
    int least = 1000;
    for (const Element& e : elements)
      if (e.inside) least = std::min(least, e.key);
    REQUIRE((heap.min() == nullptr ? 1000 : heap.min()->key) == least);
  }
}
