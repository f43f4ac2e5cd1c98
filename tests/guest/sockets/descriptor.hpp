// A descriptor of the C library's.
#pragma once

#include <unistd.h>

#include <utility>

/// A descriptor that is closed at its end.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  ~Descriptor() { reset(); }
  void reset() {
    if (number_ >= 0) close(std::exchange(number_, -1));
  }
  operator int() const { return number_; }

 private:
  int number_;
};
