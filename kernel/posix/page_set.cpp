// A set of pages, by number.
#include "kernel/posix/page_set.hpp"

namespace toro::posix {
namespace {

/// The part of a range that one word holds.
struct Part {
  std::size_t word;
  std::uint64_t bits;
  std::size_t count;
};

Part part_at(std::size_t first, std::size_t count) {
  const std::size_t begin = first % PageSet::kPagesPerWord;
  const std::size_t room = PageSet::kPagesPerWord - begin;
  const std::size_t here = count < room ? count : room;
  return {first / PageSet::kPagesPerWord, ~std::uint64_t{0} >> (PageSet::kPagesPerWord - here) << begin, here};
}

}  // namespace

bool PageSet::has_room_for(std::size_t first, std::size_t count) const {
  const std::size_t room = words_.size() * kPagesPerWord;
  return first <= room && count <= room - first;
}

void PageSet::add(std::size_t first, std::size_t count) {
  while (count > 0) {
    const Part part = part_at(first, count);
    words_[part.word].fetch_or(part.bits, std::memory_order_relaxed);
    first += part.count;
    count -= part.count;
  }
}

bool PageSet::contains(std::size_t first, std::size_t count) const {
  if (!has_room_for(first, count)) return false;
  while (count > 0) {
    const Part part = part_at(first, count);
    if ((words_[part.word].load(std::memory_order_relaxed) & part.bits) != part.bits) return false;
    first += part.count;
    count -= part.count;
  }
  return true;
}

bool PageSet::remove(std::size_t first, std::size_t count) {
  if (!has_room_for(first, count)) return false;
  for (std::size_t next = first, left = count; left > 0;) {
    const Part part = part_at(next, left);
    const std::uint64_t before = words_[part.word].fetch_and(~part.bits, std::memory_order_relaxed);
    if ((before & part.bits) != part.bits) {
      words_[part.word].fetch_or(before & part.bits, std::memory_order_relaxed);
      add(first, next - first);
      return false;
    }
    next += part.count;
    left -= part.count;
  }
  return true;
}

}  // namespace toro::posix
