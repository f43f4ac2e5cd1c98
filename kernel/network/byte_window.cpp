// Bytes of a stream that are kept.
#include "kernel/network/byte_window.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernel/network/object.hpp"

namespace toro::inet {

ByteWindow::~ByteWindow() {
  clear();
}

void ByteWindow::Chunk::release() {
  if (--holders_ != 0) return;
  budget_.give(kChunk);
  heap::free(this);
}

void ByteWindow::let_go(std::size_t slot, std::size_t end) {
  for (; slot < end; ++slot)
    if (Chunk*& chunk = chunk_of(slot); chunk != nullptr) std::exchange(chunk, nullptr)->release();
}

void ByteWindow::clear() {
  let_go(begin_ / kChunk, (begin_ + extent_ + kChunk - 1) / kChunk);
  if (slots_ != few_.data()) heap::free(std::exchange(slots_, few_.data()));
  slot_count_ = few_.size();
  begin_ = extent_ = 0;
}

/// Moves to the ring in which all of the capacity has a place.
bool ByteWindow::make_room() {
  auto** const slots = static_cast<Chunk**>(heap::allocate(most_slots() * sizeof(Chunk*)));
  if (slots == nullptr) return false;
  std::fill_n(slots, most_slots(), nullptr);
  const std::size_t first = begin_ / kChunk;
  for (std::size_t i = 0; i < few_.size(); ++i) slots[i] = std::exchange(chunk_of(first + i), nullptr);
  slots_ = slots;
  slot_count_ = most_slots();
  begin_ %= kChunk;
  return true;
}

std::size_t ByteWindow::write(std::size_t offset, Bytes bytes) {
  const std::size_t end = begin_ % kChunk + offset + bytes.size();
  if (slots_ == few_.data() && end > few_.size() * kChunk && !make_room()) return 0;
  std::size_t written = 0;
  for (std::size_t at = begin_ + offset; !bytes.empty();) {
    Chunk*& chunk = chunk_of(at / kChunk);
    if (chunk == nullptr) {
      if (!budget_.take(kChunk)) return written;
      chunk = make<Chunk>(budget_);
      if (chunk == nullptr) {
        budget_.give(kChunk);
        return written;
      }
    }
    const std::size_t size = std::min(bytes.size(), kChunk - at % kChunk);
    std::memcpy(chunk->bytes_.data() + at % kChunk, bytes.data(), size);
    bytes = bytes.subspan(size);
    at += size;
    written += size;
    extent_ = std::max(extent_, offset + written);
  }
  return written;
}

std::size_t ByteWindow::view(std::size_t offset, std::size_t size, std::span<Part> parts) const {
  std::size_t count = 0;
  for (std::size_t at = begin_ + offset; size > 0; ++count) {
    const std::size_t step = std::min(size, kChunk - at % kChunk);
    Chunk* const chunk = chunk_of(at / kChunk);
    parts[count] = {{chunk->bytes_.data() + at % kChunk, step}, chunk};
    at += step;
    size -= step;
  }
  return count;
}

void ByteWindow::read(std::size_t offset, MutableBytes to) const {
  for (std::size_t at = begin_ + offset; !to.empty();) {
    const std::size_t size = std::min(to.size(), kChunk - at % kChunk);
    std::memcpy(to.data(), chunk_of(at / kChunk)->bytes_.data() + at % kChunk, size);
    to = to.subspan(size);
    at += size;
  }
}

void ByteWindow::drop(std::size_t count, std::size_t left) {
  if (left == 0) return clear();
  const std::size_t end = begin_ + count;
  let_go(begin_ / kChunk, end / kChunk);
  const std::size_t ring = slot_count_ * kChunk;
  begin_ = end < ring ? end : end - ring;
  extent_ -= std::min(extent_, count);
}

}  // namespace toro::inet
