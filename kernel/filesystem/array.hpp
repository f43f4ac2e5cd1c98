// An array that grows, of values that may be moved as bytes; and objects on the core's heap. Failure is a value.
#pragma once

#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "kernel/filesystem/result.hpp"
#include "kernel/include/toro/heap.hpp"

namespace toro::filesystem {

/// A T on the heap, or null.
template <class T, class... Arguments>
[[nodiscard]] T* make(Arguments&&... arguments) {
  void* const block = heap::allocate(sizeof(T), alignof(T));
  return block == nullptr ? nullptr : new (block) T{std::forward<Arguments>(arguments)...};
}
template <class T>
void dispose(T* object) {
  if (object == nullptr) return;
  object->~T();
  heap::free(object);
}
struct Disposer {
  template <class T>
  void operator()(T* object) const {
    dispose(object);
  }
};
/// Owns what make() made.
template <class T>
using Owned = std::unique_ptr<T, Disposer>;

template <class T>
class Array {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  Array() = default;
  Array(Array&& other) noexcept { swap(other); }
  Array& operator=(Array&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Array() { heap::free(data_); }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] T& operator[](std::size_t i) { return data_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return data_[i]; }
  [[nodiscard]] T* begin() { return data_; }
  [[nodiscard]] T* end() { return data_ + size_; }
  [[nodiscard]] const T* begin() const { return data_; }
  [[nodiscard]] const T* end() const { return data_ + size_; }
  [[nodiscard]] std::span<T> span() { return {data_, size_}; }

  [[nodiscard]] Result<> push(const T& value) {
    if (size_ == capacity_) TRY(reserve(capacity_ == 0 ? 8 : 2 * capacity_));
    data_[size_++] = value;
    return {};
  }
  /// New ones are zeroed.
  [[nodiscard]] Result<> resize(std::size_t size) {
    if (size > capacity_) TRY(reserve(size > 2 * capacity_ ? size : 2 * capacity_));
    if (size > size_) std::memset(static_cast<void*>(data_ + size_), 0, (size - size_) * sizeof(T));
    size_ = size;
    return {};
  }
  void erase(std::size_t i) {
    std::memmove(static_cast<void*>(data_ + i), data_ + i + 1, (size_ - i - 1) * sizeof(T));
    --size_;
  }
  void pop() { --size_; }
  /// Gives back its memory.
  void clear() {
    heap::free(std::exchange(data_, nullptr));
    size_ = capacity_ = 0;
  }

 private:
  void swap(Array& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  Result<> reserve(std::size_t capacity) {
    void* const block = heap::allocate(capacity * sizeof(T), alignof(T));
    if (block == nullptr) return failure(Error::no_memory);
    if (size_ != 0) std::memcpy(block, data_, size_ * sizeof(T));
    heap::free(data_);
    data_ = static_cast<T*>(block);
    capacity_ = capacity;
    return {};
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// Text of its own.
class Text {
 public:
  Text() = default;
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  Text(Text&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Text& operator=(Text&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Text() { heap::free(data_); }

  [[nodiscard]] static Result<Text> copy(std::string_view text) {
    Text result;
    if (text.empty()) return result;
    result.data_ = static_cast<char*>(heap::allocate(text.size()));
    if (result.data_ == nullptr) return failure(Error::no_memory);
    std::memcpy(result.data_, text.data(), text.size());
    result.size_ = text.size();
    return result;
  }
  [[nodiscard]] std::string_view view() const { return {data_, size_}; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace toro::filesystem
