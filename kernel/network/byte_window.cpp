// Bytes of a stream that are kept.
#include "kernel/network/byte_window.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernel/include/toro/heap.hpp"

namespace toro::inet {

ByteWindow::~ByteWindow() {
  clear();
}

void ByteWindow::free_chunk(std::byte*& chunk) {
  if (chunk == nullptr) return;
  heap::free(std::exchange(chunk, nullptr));
  budget_.give(kChunk);
}

void ByteWindow::clear() {
  if (slots_ == nullptr) return;
  for (std::size_t i = 0; i < slot_count(); ++i) free_chunk(slots_[i]);
  heap::free(std::exchange(slots_, nullptr));
  begin_ = 0;
}

std::size_t ByteWindow::write(std::size_t offset, Bytes bytes) {
  if (slots_ == nullptr) {
    slots_ = static_cast<std::byte**>(heap::allocate(slot_count() * sizeof(std::byte*)));
    if (slots_ == nullptr) return 0;
    std::fill_n(slots_, slot_count(), nullptr);
  }
  std::size_t written = 0;
  for (std::size_t at = begin_ + offset; !bytes.empty();) {
    std::byte*& chunk = slots_[at / kChunk % slot_count()];
    if (chunk == nullptr) {
      if (!budget_.take(kChunk)) return written;
      chunk = static_cast<std::byte*>(heap::allocate(kChunk));
      if (chunk == nullptr) {
        budget_.give(kChunk);
        return written;
      }
    }
    const std::size_t size = std::min(bytes.size(), kChunk - at % kChunk);
    std::memcpy(chunk + at % kChunk, bytes.data(), size);
    bytes = bytes.subspan(size);
    at += size;
    written += size;
  }
  return written;
}

void ByteWindow::read(std::size_t offset, MutableBytes to) const {
  for (std::size_t at = begin_ + offset; !to.empty();) {
    const std::size_t size = std::min(to.size(), kChunk - at % kChunk);
    std::memcpy(to.data(), slots_[at / kChunk % slot_count()] + at % kChunk, size);
    to = to.subspan(size);
    at += size;
  }
}

void ByteWindow::drop(std::size_t count, std::size_t left) {
  if (left == 0) return clear();
  const std::size_t end = begin_ + count;
  for (std::size_t slot = begin_ / kChunk; slot < end / kChunk; ++slot) free_chunk(slots_[slot % slot_count()]);
  begin_ = end % (slot_count() * kChunk);
}

}  // namespace toro::inet
