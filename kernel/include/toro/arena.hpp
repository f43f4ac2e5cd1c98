// Memory that is given back all at once: for what lives as long as a request, a frame, a phase.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "toro/heap.hpp"

namespace toro {

/// Hands out pieces of one block, one after the other; a piece costs its size and what aligns it, and some ten
/// instructions. Nothing is freed but by reset(), and no destructor is called: create() takes only types without one.
/// One thread at a time; not interrupts, when it has its own block to make.
class Arena {
 public:
  /// Where an arena stands: reset() goes back there.
  enum class Mark : std::size_t {};

  /// In a block of the heap; capacity() is 0 when memory is out.
  explicit Arena(std::size_t bytes) : Arena(static_cast<std::byte*>(heap::allocate(bytes)), bytes) { owned_ = begin_; }
  /// In memory of the caller's, which must live as long.
  explicit Arena(std::span<std::byte> memory) : Arena(memory.data(), memory.size()) {}
  ~Arena() { heap::free(owned_); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// `size` bytes at a multiple of `alignment`, a power of two; null when the arena has no room. Contents are
  /// undefined.
  [[nodiscard]] void* allocate(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
    const auto base = reinterpret_cast<std::uintptr_t>(begin_);
    const std::size_t at = ((base + used_ + alignment - 1) & ~(alignment - 1)) - base;
    if (at > capacity_ || size > capacity_ - at) return nullptr;
    used_ = at + size;
    return begin_ + at;
  }

  /// A T made of the arguments; null when the arena has no room.
  template <class T, class... Arguments>
  [[nodiscard]] T* create(Arguments&&... arguments) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena calls no destructors");
    void* const memory = allocate(sizeof(T), alignof(T));
    return memory == nullptr ? nullptr : new (memory) T(std::forward<Arguments>(arguments)...);
  }

  /// `count` value-initialised Ts; empty when the arena has no room.
  template <class T>
  [[nodiscard]] std::span<T> create_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena calls no destructors");
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) return {};
    void* const memory = allocate(count * sizeof(T), alignof(T));
    if (memory == nullptr) return {};
    T* const first = static_cast<T*>(memory);
    for (std::size_t i = 0; i < count; ++i) new (first + i) T();
    return {first, count};
  }

  [[nodiscard]] Mark mark() const { return Mark{used_}; }
  /// Takes back all that was allocated since the mark, or everything.
  void reset(Mark mark = Mark{0}) { used_ = static_cast<std::size_t>(mark); }

  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  Arena(std::byte* begin, std::size_t bytes) : begin_(begin), capacity_(begin == nullptr ? 0 : bytes) {}

  std::byte* begin_;
  std::size_t capacity_;
  std::size_t used_ = 0;
  void* owned_ = nullptr;
};

}  // namespace toro
