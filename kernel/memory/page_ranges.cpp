// The free pages of one core: a treap of runs, ordered by address and balanced by a hash of its end.
#include "kernel/memory/page_ranges.hpp"

#include <bit>
#include <new>

namespace toro::memory {

/// The node at the start of each free run.
struct PageRanges::Run {
  Run* low = nullptr;   // runs at lower addresses
  Run* high = nullptr;  // runs at higher addresses
  std::size_t pages = 0;
  std::size_t longest = 0;  // pages of the longest run of this subtree

  [[nodiscard]] std::uintptr_t address() const { return reinterpret_cast<std::uintptr_t>(this); }
  [[nodiscard]] std::uintptr_t end() const { return address() + pages * kPageSize; }
  [[nodiscard]] PageRange range() const { return {address(), pages}; }

  // A parent's is higher than its children's: that keeps the tree as shallow as a random one, and equal in equal runs.
  // Pages are taken from a run's low end, so its place in the tree stays.
  [[nodiscard]] std::uint64_t priority() const { return std::rotl(end() * 0x9e37'79b9'7f4a'7c15, 32); }

  // Where `wanted` pages at `alignment`, not below `from`, would start in this run, or 0.
  [[nodiscard]] std::uintptr_t fit(std::size_t wanted, std::size_t alignment, std::uintptr_t from) const {
    const std::uintptr_t lowest = address() < from ? from : address();
    const std::uintptr_t start = (lowest + alignment - 1) & ~(alignment - 1);
    return start >= lowest && start < end() && (end() - start) / kPageSize >= wanted ? start : 0;
  }

  void update() {
    longest = pages;
    if (low != nullptr && low->longest > longest) longest = low->longest;
    if (high != nullptr && high->longest > longest) longest = high->longest;
  }
};

void PageRanges::split(Run* root, const Run& at, Run*& below, Run*& above) {
  if (root == nullptr) {
    below = above = nullptr;
    return;
  }
  if (root < &at) {
    split(root->high, at, root->high, above);
    below = root;
  } else {
    split(root->low, at, below, root->low);
    above = root;
  }
  root->update();
}

PageRanges::Run* PageRanges::merge(Run* below, Run* above) {
  if (below == nullptr) return above;
  if (above == nullptr) return below;
  const bool low_is_root = below->priority() > above->priority();
  Run* const root = low_is_root ? below : above;
  if (low_is_root) {
    below->high = merge(below->high, above);
  } else {
    above->low = merge(below, above->low);
  }
  root->update();
  return root;
}

void PageRanges::insert(Run*& root, Run& run) {
  if (root == nullptr || run.priority() > root->priority()) {
    split(root, run, run.low, run.high);
    root = &run;
  } else {
    insert(&run < root ? root->low : root->high, run);
  }
  root->update();
}

void PageRanges::remove(Run*& root, const Run& run) {
  if (root == &run) {
    root = merge(run.low, run.high);
    return;
  }
  remove(&run < root ? root->low : root->high, run);
  root->update();
}

const PageRanges::Run* PageRanges::first_fit(const Run* root, std::size_t pages, std::size_t alignment,
                                             std::uintptr_t from) {
  for (; root != nullptr && root->longest >= pages; root = root->high) {
    if (root->address() > from)
      if (const Run* const lower = first_fit(root->low, pages, alignment, from)) return lower;
    if (root->fit(pages, alignment, from) != 0) return root;
  }
  return nullptr;
}

void PageRanges::insert(PageRange range) {
  if (range.pages == 0) return;
  Run& run = *new (reinterpret_cast<void*>(range.address)) Run{.pages = range.pages};
  insert(root_, run);
  free_pages_ += range.pages;
}

void PageRanges::remove(const Run& run) {
  free_pages_ -= run.pages;
  remove(root_, run);
}

namespace {

bool is_valid(PageRange range) {
  return range.address != 0 && range.address % kPageSize == 0 && range.pages != 0 &&
         range.pages <= (UINTPTR_MAX - range.address) / kPageSize;
}

}  // namespace

std::expected<void, PageError> PageRanges::give(PageRange range) {
  const Run* before = nullptr;
  const Run* after = nullptr;
  for (const Run* run = root_; run != nullptr;) {
    const bool is_before = run->address() <= range.address;
    (is_before ? before : after) = run;
    run = is_before ? run->high : run->low;
  }
  if (before != nullptr && before->end() > range.address) return std::unexpected{PageError::overlap};
  if (after != nullptr && range.end() > after->address()) return std::unexpected{PageError::overlap};

  if (after != nullptr && range.end() == after->address()) {
    range.pages += after->pages;
    remove(*after);
  }
  if (before != nullptr && before->end() == range.address) {
    range = {before->address(), before->pages + range.pages};
    remove(*before);
  }
  insert(range);
  return {};
}

std::expected<void, PageError> PageRanges::add(PageRange range) {
  if (!is_valid(range)) return std::unexpected{PageError::bad_range};
  const auto given = give(range);
  if (given) {
    if (highest_ == 0 || range.address < lowest_) lowest_ = range.address;
    if (range.end() > highest_) highest_ = range.end();
  }
  return given;
}

std::expected<void, PageError> PageRanges::free(std::uintptr_t address, std::size_t pages) {
  const PageRange range{address, pages};
  if (!is_valid(range)) return std::unexpected{PageError::bad_range};
  if (address < lowest_ || range.end() > highest_) return std::unexpected{PageError::foreign};
  return give(range);
}

std::expected<std::uintptr_t, PageError> PageRanges::allocate(std::size_t pages, std::size_t alignment,
                                                              std::uintptr_t from) {
  if (pages == 0) return std::unexpected{PageError::bad_range};
  if (!std::has_single_bit(alignment) || alignment < kPageSize) return std::unexpected{PageError::bad_alignment};
  const Run* const run = first_fit(root_, pages, alignment, from);
  if (run == nullptr) return std::unexpected{PageError::exhausted};

  const PageRange whole = run->range();
  const PageRange taken{run->fit(pages, alignment, from), pages};
  remove(*run);
  insert({whole.address, (taken.address - whole.address) / kPageSize});
  insert({taken.end(), (whole.end() - taken.end()) / kPageSize});
  return taken.address;
}

std::size_t PageRanges::largest_bytes() const {
  return root_ == nullptr ? 0 : root_->longest * kPageSize;
}

PageRange PageRanges::next(std::uintptr_t from) const {
  const Run* found = nullptr;
  for (const Run* run = root_; run != nullptr;) {
    const bool is_candidate = run->address() >= from;
    if (is_candidate) found = run;
    run = is_candidate ? run->low : run->high;
  }
  return found == nullptr ? PageRange{} : found->range();
}

}  // namespace toro::memory
